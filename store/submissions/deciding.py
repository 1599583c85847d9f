"""After the request: yes, no, or in doubt."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from campaign.states import AttemptState, RecipientState, SubmissionState
from store.batches.reach import missed
from store.database.columns import table_of
from store.failover.moving import move_on
from store.submissions import comparing
from store.submissions.history import log
from store.submissions.views import ATTEMPT, SUBMISSION, batch_of
from store.tables import Recipient

RECIPIENT = table_of(Recipient)


def reject(
    db: Connection, tag: str, epoch: int, now: datetime, *, reason: str, status: int | None
) -> bool:
    """The provider refused all of it and did nothing: its people are as if never tried.

    Or go on to the next provider of the split, if the campaign says so. What may have been sent
    before is looked for still.
    """
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
        )
        .values(
            state=SubmissionState.REJECTED.value,
            wire_at=None,
            lease_until=None,
            due_at=comparing.late_look(db, tag, now),
            note=reason,
        )
    )
    if db.execute(statement).rowcount != 1:
        return False
    close(
        db,
        tag,
        AttemptState.FAILED,
        RecipientState.READY,
        now=now,
        reason="refused by the provider",
    )
    db.execute(update(ATTEMPT).where(ATTEMPT.c.tag == tag).values(dialled_at=None))
    log(db, tag, "rejected", now, epoch=epoch, status=status, detail=reason)
    move_on(db, tag, now)
    return True


def doubt(
    db: Connection,
    tag: str,
    epoch: int,
    now: datetime,
    *,
    look_at: datetime,
    reason: str,
    status: int | None = None,
    dials: bool = True,
) -> bool:
    """It may have been accepted: to be looked up at `look_at`.

    A claim without a wire mark counts as marked when it was claimed: it was answered all the same.
    """
    marked = func.coalesce(SUBMISSION.c.wire_at, SUBMISSION.c.intent_at)
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
        )
        .values(
            state=SubmissionState.UNKNOWN.value,
            wire_at=marked,
            sent_at=func.coalesce(SUBMISSION.c.sent_at, marked),
            paced_at=now,
            lease_until=None,
            due_at=look_at,
            looks=0,
            note=reason,
        )
    )
    doubted = db.execute(statement).rowcount == 1
    if doubted:
        _count_as_dialled(db, tag, now, dials=dials)
        log(db, tag, "unknown", now, epoch=epoch, status=status, detail=reason)
    return doubted


def doubt_planned(db: Connection, tag: str, now: datetime, *, reason: str, dials: bool) -> bool:
    """What was sent before, and is to be sent again, may have been accepted: looked up now.

    Returns False, and does nothing, if it was never sent or is not planned any more.
    """
    planned = SUBMISSION.c.state == SubmissionState.PLANNED.value
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, planned, SUBMISSION.c.sent_at.is_not(None))
        .values(
            state=SubmissionState.UNKNOWN.value,
            epoch=SUBMISSION.c.epoch + 1,
            wire_at=SUBMISSION.c.sent_at,
            due_at=now,
            looks=0,
            note=reason,
        )
    )
    doubted = db.execute(statement).rowcount == 1
    if doubted:
        _count_as_dialled(db, tag, now, dials=dials)
        log(db, tag, "unknown", now, detail=reason)
    return doubted


def _count_as_dialled(db: Connection, tag: str, now: datetime, *, dials: bool) -> None:
    if dials:
        waiting = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.ASSIGNED.value)
        unmarked = update(ATTEMPT).where(waiting, ATTEMPT.c.dialled_at.is_(None))
        db.execute(unmarked.values(dialled_at=now))


def to_be_stopped(db: Connection, tag: str, now: datetime) -> None:
    """A stop that the batch was asked for did not reach what turns up only now."""
    missed(db, batch_of(tag), now)


def close(
    db: Connection,
    tag: str,
    attempt: AttemptState,
    recipient: RecipientState,
    *,
    now: datetime,
    refused: Mapping[str, str] | None = None,
    reason: str = "",
) -> None:
    """Close open attempts of a submission and move their people on.

    `refused`: only those with these keys, each for its own reason.
    """
    open_states = [state.value for state in AttemptState if state.open]
    members = (ATTEMPT.c.tag == tag) & ATTEMPT.c.state.in_(open_states)
    if refused is not None:
        members = members & ATTEMPT.c.key.in_(list(refused))
    for row in db.execute(
        select(ATTEMPT.c.recipient_id, ATTEMPT.c.no, ATTEMPT.c.key).where(members)
    ).all():
        why = refused[row.key] if refused is not None else reason
        db.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.recipient_id == row.recipient_id, ATTEMPT.c.no == row.no)
            .values(state=attempt.value, reason=why, closed_at=now)
        )
        db.execute(
            update(RECIPIENT)
            .where(RECIPIENT.c.id == row.recipient_id)
            .values(state=recipient.value, reason=why)
        )
