"""The provider said yes, or has it after all."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from campaign.calls import Receipt
from campaign.states import SUBMISSION as MACHINE
from campaign.states import AttemptState, BatchState, RecipientState, SubmissionState, before
from store.database.columns import instant, table_of
from store.failover.moving import move_on
from store.submissions import comparing
from store.submissions.deciding import RECIPIENT, close, to_be_stopped
from store.submissions.history import came_to_nothing, log
from store.submissions.locking import lock_batch_of
from store.submissions.views import ATTEMPT, SUBMISSION, batch_of
from store.tables import Batch

_BATCH = table_of(Batch)


def accept(
    db: Connection,
    tag: str,
    receipt: Receipt,
    now: datetime,
    *,
    dials: bool,
    event: str = "accepted",
) -> bool:
    """Record the provider's yes.

    Returns False if it is not ours: the submission is known by another id, and the provider has it
    twice; or the id is another submission's. Either is an incident.

    Not bound to an epoch: an id that is known stays true, whoever learns it, so a runner that was
    overtaken records it too.
    """
    lock_batch_of(db, tag)
    if comparing.is_anothers(db, tag, receipt.provider_batch_id, now):
        log(db, tag, "contested", now, request_id=receipt.request_id)
        return False
    allowed = {state.value for state in before(MACHINE, SubmissionState.ACCEPTED)}
    if not dials:
        # What rings nobody is not worth bringing back once it came to nothing.
        allowed -= {SubmissionState.REJECTED.value, SubmissionState.ABANDONED.value}
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state.in_(allowed))
        .values(
            state=SubmissionState.ACCEPTED.value,
            provider_batch_id=receipt.provider_batch_id,
            accepted_at=now,
            started_at=now if dials else None,
            paced_at=now,
            lease_until=None,
            due_at=None,
            note="",
        )
    )
    decided = db.execute(statement).rowcount == 1
    ours = decided or _is_known(db, tag, receipt)
    said = event if decided else "confirmed" if ours else "surplus"
    detail = receipt.provider_batch_id
    log(db, tag, said, now, request_id=receipt.request_id, detail=detail)
    if decided:
        _look_again(db, tag, now, dials=dials)
        to_be_stopped(db, tag, now)
        _attempts_submitted(db, tag, now, dials=dials)
    if ours:
        # The yes that tells may be late: what was found meanwhile names nobody who was refused.
        _refuse_some(db, tag, receipt.refused, now)
        _record_calls(db, tag, receipt.call_ids)
    if dials and (not ours or came_to_nothing(db, tag)):
        comparing.record(db, tag, receipt.provider_batch_id, receipt.call_ids, now)
    return ours


def _look_again(db: Connection, tag: str, now: datetime, *, dials: bool) -> None:
    """Have a batch that was over collected, and what was sent twice looked for still."""
    over = [state.value for state in BatchState if state.over]
    db.execute(
        update(_BATCH)
        .where(_BATCH.c.id == batch_of(tag), _BATCH.c.state.in_(over))
        .values(due_at=now, clean_rounds=0)
    )
    if dials and (due_at := comparing.late_look(db, tag, now)) is not None:
        db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(due_at=due_at))


def _is_known(db: Connection, tag: str, receipt: Receipt) -> bool:
    """The yes is to the same request whose yes we have already."""
    known = db.scalar(select(SUBMISSION.c.provider_batch_id).where(SUBMISSION.c.tag == tag))
    if known != receipt.provider_batch_id:
        return False
    calls = db.execute(
        select(ATTEMPT.c.key, ATTEMPT.c.provider_call_id).where(
            ATTEMPT.c.tag == tag, ATTEMPT.c.provider_call_id.is_not(None)
        )
    )
    return all(receipt.call_ids.get(key, call_id) == call_id for key, call_id in calls)


def _attempts_submitted(db: Connection, tag: str, now: datetime, *, dials: bool) -> None:
    waiting = [AttemptState.ASSIGNED.value, AttemptState.HELD.value]
    members = (ATTEMPT.c.tag == tag) & ATTEMPT.c.state.in_(waiting)
    people = select(ATTEMPT.c.recipient_id).where(members)
    db.execute(
        update(RECIPIENT)
        .where(RECIPIENT.c.id.in_(people), RECIPIENT.c.state == RecipientState.HELD.value)
        .values(state=RecipientState.OPEN.value, reason="")
    )
    submitted = update(ATTEMPT).where(members)
    db.execute(submitted.values(state=AttemptState.SUBMITTED.value, reason=""))
    if dials:
        in_tag = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.SUBMITTED.value)
        dialled_at = func.coalesce(ATTEMPT.c.dialled_at, instant(now))
        db.execute(update(ATTEMPT).where(in_tag).values(dialled_at=dialled_at))


def _record_calls(db: Connection, tag: str, call_ids: Mapping[str, str]) -> None:
    """Remember which call is whose, as far as the provider told. Keys to provider call ids."""
    if call_ids:
        db.execute(
            update(ATTEMPT)
            .where(
                ATTEMPT.c.tag == tag,
                ATTEMPT.c.key == bindparam("its_key"),
                ATTEMPT.c.provider_call_id.is_(None),
            )
            .values(provider_call_id=bindparam("its_call")),
            [{"its_key": key, "its_call": call} for key, call in call_ids.items()],
        )


def _refuse_some(db: Connection, tag: str, refused: Mapping[str, str], now: datetime) -> None:
    if refused:
        close(db, tag, AttemptState.FAILED, RecipientState.NOT_REACHED, now=now, refused=refused)
        members = (ATTEMPT.c.tag == tag) & ATTEMPT.c.key.in_(list(refused))
        undialled = members & (ATTEMPT.c.state == AttemptState.FAILED.value)
        db.execute(update(ATTEMPT).where(undialled).values(dialled_at=None))
        move_on(db, tag, now)
