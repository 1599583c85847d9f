"""Two-phase providers: what was created rings nobody until it is started, by id."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from campaign.errors import Stopped
from campaign.states import AttemptState, SubmissionState
from store.allowance.gate import refuse_beyond
from store.database.columns import table_of
from store.planning.choosing import Judge
from store.submissions.history import log
from store.submissions.locking import lock_batch_of
from store.submissions.screening import refuse_if_stopped, refuse_uncallable
from store.submissions.views import ATTEMPT, SUBMISSION
from store.tables import Batch, Call

BATCH = table_of(Batch)
CALL = table_of(Call)


def mark_start(
    db: Connection, tag: str, provider_batch_id: str, now: datetime, judge: Judge | None = None
) -> None:
    """Commit that the start of one batch at the provider may leave now.

    Safe to repeat, as a start goes by id; `judge` rules on everybody each time. Raises `Stopped`.
    """
    mine = (
        (SUBMISSION.c.tag == tag)
        & (SUBMISSION.c.provider_batch_id == provider_batch_id)
        & (SUBMISSION.c.state == SubmissionState.ACCEPTED.value)
        & SUBMISSION.c.started_at.is_(None)
    )
    first = update(SUBMISSION).where(mine, SUBMISSION.c.start_wire_at.is_(None))
    if db.execute(first.values(start_wire_at=now)).rowcount == 1:
        refuse_uncallable(db, tag, now, judge)
        refuse_beyond(db, tag)
        open_attempts = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.SUBMITTED.value)
        db.execute(update(ATTEMPT).where(open_attempts).values(dialled_at=now))
    elif db.execute(update(SUBMISSION).where(mine).values(start_wire_at=now)).rowcount == 1:
        refuse_uncallable(db, tag, now, judge, again=True)
    else:
        raise Stopped("the batch was started or given up meanwhile")
    log(db, tag, "start_wire", now, detail=provider_batch_id)
    refuse_if_stopped(db, tag)


def started(db: Connection, tag: str, now: datetime) -> None:
    """Record that the provider dials now."""
    mine = (SUBMISSION.c.tag == tag) & SUBMISSION.c.started_at.is_(None)
    values = {"started_at": now, "paced_at": now, "due_at": None, "note": ""}
    if db.execute(update(SUBMISSION).where(mine).values(values)).rowcount != 1:
        _stop_again(db, tag, now)
    log(db, tag, "started", now)


def started_by_its_calls(db: Connection, batch_id: str, now: datetime) -> None:
    """Whatever was heard of its start: what has calls was started, and is not started again."""
    has_calls = select(CALL.c.tag).where(CALL.c.tag == SUBMISSION.c.tag).exists()
    waiting = select(SUBMISSION.c.tag).where(
        SUBMISSION.c.batch_id == batch_id,
        SUBMISSION.c.state == SubmissionState.ACCEPTED.value,
        SUBMISSION.c.start_wire_at.is_not(None),
        SUBMISSION.c.started_at.is_(None),
        has_calls,
    )
    for tag in db.scalars(waiting).all():
        started(db, tag, now)


def give_way(db: Connection, tag: str, now: datetime, reason: str) -> None:
    """No start is sent again: as one may have worked, it counts as started and is to be stopped."""
    lock_batch_of(db, tag)
    accepted = SUBMISSION.c.state == SubmissionState.ACCEPTED.value
    mine = (SUBMISSION.c.tag == tag) & accepted & SUBMISSION.c.started_at.is_(None)
    values = {"started_at": now, "due_at": None, "note": reason}
    if db.execute(update(SUBMISSION).where(mine).values(values)).rowcount != 1:
        return
    log(db, tag, "gave_way", now, detail=reason)
    not_asked = _its_batch(tag) & BATCH.c.stop_asked_at.is_(None)
    db.execute(update(BATCH).where(not_asked).values(stop_asked_at=now, due_at=now))


def start_again_at(
    db: Connection,
    tag: str,
    again_at: datetime,
    now: datetime,
    *,
    reason: str,
    event: str = "start_failed",
) -> None:
    """The start did not work, or nobody knows: the same again, by id."""
    mine = (SUBMISSION.c.tag == tag) & SUBMISSION.c.started_at.is_(None)
    values = {"due_at": again_at, "note": reason}
    if db.execute(update(SUBMISSION).where(mine).values(values)).rowcount != 1:
        _stop_again(db, tag, now)
    log(db, tag, event, now, detail=reason)


def _stop_again(db: Connection, tag: str, now: datetime) -> None:
    """A start that was on its way when its batch was stopped may have come after the stop."""
    was_asked = _its_batch(tag) & BATCH.c.stop_asked_at.is_not(None)
    db.execute(update(BATCH).where(was_asked).values(stopped_at=None, due_at=now))


def _its_batch(tag: str) -> ColumnElement[bool]:
    its_id = select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag).scalar_subquery()
    return BATCH.c.id == its_id
