"""What a stop of a batch reaches: whatever turns up later was not stopped by it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    func,
    literal,
    select,
    union,
    update,
)

from campaign.calls import BatchRef
from campaign.states import AttemptState, SubmissionState
from store.batches.views import BATCH, CALL, placed_calls, reference
from store.database.columns import table_of
from store.tables import Attempt, Submission, SubmitLog

_ATTEMPT = table_of(Attempt)
_SUBMISSION = table_of(Submission)
_LOG = table_of(SubmitLog)

Reach = frozenset[tuple[str, ...]]
"""Names of what a provider is known to have: it only ever says more if something turned up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToStop:
    """What a provider is to stop of a batch."""

    reference: BatchRef | None
    """None: it has nothing of it, as far as is known."""
    reach: Reach


_ACCEPTED = (
    select(
        _SUBMISSION.c.tag,
        _SUBMISSION.c.provider_batch_id,
        select(func.count())
        .where(_LOG.c.tag == _SUBMISSION.c.tag, _LOG.c.event.startswith("start"))
        .scalar_subquery()
        .label("starts"),
    )
    .where(_SUBMISSION.c.batch_id == bindparam("its_id"))
    .where(_SUBMISSION.c.state == SubmissionState.ACCEPTED.value)
)
_PLACED = placed_calls(AttemptState.SUBMITTED, AttemptState.HELD)
_LISTED = (
    select(CALL.c.provider_call_id, _ATTEMPT.c.key)
    .join(
        _ATTEMPT,
        (_ATTEMPT.c.recipient_id == CALL.c.recipient_id) & (_ATTEMPT.c.no == CALL.c.attempt_no),
    )
    .where(CALL.c.batch_id == bindparam("its_id"), CALL.c.over.is_(False))
)
_CALLS = union(_PLACED, _LISTED)
_HAS_BATCH = select(BATCH.c.progress).where(BATCH.c.id == bindparam("its_id"))


def to_stop(db: Connection, batch_id: str) -> ToStop:
    """Return what is to be stopped: every call that is not over, whatever became of its attempt."""
    known = reference(db, batch_id)
    if known is None:
        return ToStop(reference=None, reach=frozenset())
    known = replace(known, open_calls=_open_calls(db, batch_id))
    return ToStop(reference=known, reach=reach(db, batch_id))


def reach(db: Connection, batch_id: str) -> Reach:
    """Name whatever of a batch a provider is known to have, and each start that was sent."""
    its = {"its_id": batch_id}
    rows = db.execute(_ACCEPTED, its).all()
    names = {(row.tag, row.provider_batch_id or "") for row in rows}
    starts = {(row.tag, "started", str(n)) for row in rows for n in range(row.starts)}
    if db.scalar(_HAS_BATCH, its):
        # Its stop is one for all calls, also for those that are listed later.
        return frozenset(names | starts)
    return frozenset(names | starts | {(call_id,) for call_id in _open_calls(db, batch_id)})


def missed(db: Connection, batch: ColumnElement[str], now: datetime) -> None:
    """Have a batch that is to be stopped stopped again: what turns up only now was not reached.

    Due at once, unless a look has failed: that said when to try again.
    """
    asked = (BATCH.c.id == batch) & BATCH.c.stop_asked_at.is_not(None)
    db.execute(update(BATCH).where(asked).values(stopped_at=None))
    db.execute(update(BATCH).where(asked, BATCH.c.failures == 0).values(due_at=now))


def missed_calls(db: Connection, batch_id: str, now: datetime) -> None:
    """The same for calls of it that are listed only now, where each is stopped by itself."""
    if not db.scalar(_HAS_BATCH, {"its_id": batch_id}):
        missed(db, literal(batch_id), now)


def _open_calls(db: Connection, batch_id: str) -> Mapping[str, str]:
    """Keys by provider call id."""
    rows = db.execute(_CALLS, {"its_id": batch_id})
    return {row.provider_call_id: row.key for row in rows}
