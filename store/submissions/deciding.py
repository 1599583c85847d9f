"""After the request: yes, no, or in doubt; and how a doubt ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from campaign.calls import Receipt
from campaign.states import (
    SUBMISSION as MACHINE,
)
from campaign.states import (
    AttemptState,
    RecipientState,
    SubmissionState,
    before,
)
from store.columns import table_of
from store.submissions.views import ATTEMPT, SUBMISSION, log
from store.tables import Recipient

_RECIPIENT = table_of(Recipient)


def accept(
    db: Connection,
    tag: str,
    receipt: Receipt,
    now: datetime,
    *,
    dials: bool,
    event: str = "accepted",
) -> bool:
    """Record the provider's yes. Returns False if another id is known already.

    Not bound to an epoch: an id that is known stays true, whoever learns it, so a runner that was
    overtaken records it too.
    """
    allowed = [state.value for state in before(MACHINE, SubmissionState.ACCEPTED)]
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state.in_(allowed))
        .values(
            state=SubmissionState.ACCEPTED.value,
            provider_batch_id=receipt.provider_batch_id,
            accepted_at=now,
            started_at=now if dials else None,
            lease_until=None,
            due_at=None,
            note="",
        )
    )
    decided = db.execute(statement).rowcount == 1
    log(
        db,
        tag,
        event if decided else "surplus",
        now,
        request_id=receipt.request_id,
        detail=receipt.provider_batch_id,
    )
    if decided:
        _attempts_submitted(db, tag)
        record_calls(db, tag, receipt.call_ids)
        _refuse_some(db, tag, receipt.refused, now)
    return decided


def _attempts_submitted(db: Connection, tag: str) -> None:
    waiting = [AttemptState.ASSIGNED.value, AttemptState.HELD.value]
    members = (ATTEMPT.c.tag == tag) & ATTEMPT.c.state.in_(waiting)
    people = select(ATTEMPT.c.recipient_id).where(members)
    db.execute(
        update(_RECIPIENT)
        .where(_RECIPIENT.c.id.in_(people), _RECIPIENT.c.state == RecipientState.HELD.value)
        .values(state=RecipientState.OPEN.value, reason="")
    )
    db.execute(update(ATTEMPT).where(members).values(state=AttemptState.SUBMITTED.value, reason=""))


def record_calls(db: Connection, tag: str, call_ids: Mapping[str, str]) -> None:
    """Remember which call is whose, as far as the provider told. Keys to provider call ids."""
    if call_ids:
        db.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.tag == tag, ATTEMPT.c.key == bindparam("its_key"))
            .values(provider_call_id=bindparam("its_call")),
            [{"its_key": key, "its_call": call} for key, call in call_ids.items()],
        )


def _refuse_some(db: Connection, tag: str, refused: Mapping[str, str], now: datetime) -> None:
    if refused:
        _close(db, tag, AttemptState.FAILED, RecipientState.NOT_REACHED, now, refused=refused)


def reject(
    db: Connection, tag: str, epoch: int, now: datetime, *, reason: str, status: int | None
) -> bool:
    """The provider refused it all and did nothing: its people are as if never tried."""
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
        )
        .values(state=SubmissionState.REJECTED.value, wire_at=None, lease_until=None, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    _close(
        db, tag, AttemptState.FAILED, RecipientState.READY, now, reason="refused by the provider"
    )
    db.execute(update(ATTEMPT).where(ATTEMPT.c.tag == tag).values(dialled_at=None))
    log(db, tag, "rejected", now, epoch=epoch, status=status, detail=reason)
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
) -> bool:
    """It may have been accepted: to be looked up at `look_at`."""
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
        )
        .values(
            state=SubmissionState.UNKNOWN.value,
            lease_until=None,
            due_at=look_at,
            looks=0,
            note=reason,
        )
    )
    doubted = db.execute(statement).rowcount == 1
    if doubted:
        log(db, tag, "unknown", now, epoch=epoch, status=status, detail=reason)
    return doubted


def looked_in_vain(db: Connection, tag: str, looks: int, now: datetime, look_at: datetime) -> None:
    """A look-up found nothing, which proves nothing: look again at `look_at`."""
    db.execute(
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.looks == looks)
        .values(looks=looks + 1, due_at=look_at)
    )
    log(db, tag, "not_found", now)


def look_failed(db: Connection, tag: str, now: datetime, look_at: datetime, reason: str) -> None:
    """The look-up itself failed: it does not count."""
    db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(due_at=look_at))
    log(db, tag, "look_failed", now, detail=reason)


def hold(db: Connection, tag: str, now: datetime, *, look_at: datetime, reason: str) -> bool:
    """Give up deciding: nobody of this submission is called, and it is still looked for."""
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state == SubmissionState.UNKNOWN.value)
        .values(state=SubmissionState.HELD.value, due_at=look_at, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    members = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.ASSIGNED.value)
    people = select(ATTEMPT.c.recipient_id).where(members)
    db.execute(
        update(_RECIPIENT)
        .where(_RECIPIENT.c.id.in_(people))
        .values(state=RecipientState.HELD.value, reason="in doubt whether a call was placed")
    )
    db.execute(update(ATTEMPT).where(members).values(state=AttemptState.HELD.value, reason=reason))
    log(db, tag, "held", now, detail=reason)
    return True


def plan_again(
    db: Connection, tag: str, now: datetime, *, states: Sequence[SubmissionState], reason: str
) -> bool:
    """Send it anew: only where the first cannot ring anybody, or where a person vouches for it."""
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state.in_([state.value for state in states]))
        .values(
            state=SubmissionState.PLANNED.value,
            epoch=SUBMISSION.c.epoch + 1,
            owner="",
            wire_at=None,
            due_at=None,
            looks=0,
            note=reason,
        )
    )
    if db.execute(statement).rowcount != 1:
        return False
    held = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.HELD.value)
    people = select(ATTEMPT.c.recipient_id).where(held)
    db.execute(
        update(_RECIPIENT)
        .where(_RECIPIENT.c.id.in_(people))
        .values(state=RecipientState.OPEN.value, reason="")
    )
    db.execute(update(ATTEMPT).where(held).values(state=AttemptState.ASSIGNED.value, reason=""))
    db.execute(update(ATTEMPT).where(ATTEMPT.c.tag == tag).values(dialled_at=None))
    log(db, tag, "planned_again", now, detail=reason)
    return True


def abandon(db: Connection, tag: str, now: datetime, *, reason: str) -> bool:
    """A person gives a held submission up: its people are closed and never called by it."""
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state == SubmissionState.HELD.value)
        .values(state=SubmissionState.ABANDONED.value, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    _close(db, tag, AttemptState.FAILED, RecipientState.NOT_REACHED, now, reason=reason)
    log(db, tag, "abandoned", now, detail=reason)
    return True


def _close(
    db: Connection,
    tag: str,
    attempt: AttemptState,
    recipient: RecipientState,
    now: datetime,
    *,
    refused: Mapping[str, str] | None = None,
    reason: str = "",
) -> None:
    """Close open attempts, all or those whose key is in `refused`, and move their people on."""
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
            update(_RECIPIENT)
            .where(_RECIPIENT.c.id == row.recipient_id)
            .values(state=recipient.value, reason=why)
        )
