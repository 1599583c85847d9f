"""What is known to be one too many at a provider: until it is stopped, and its calls are stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from campaign.calls import BatchRef
from store.database.columns import table_of
from store.submissions.views import SUBMISSION, reference
from store.tables import Surplus

_SURPLUS = table_of(Surplus)
_PATIENCE = timedelta(hours=72)
"""For so long a stop that fails is tried again; by then nothing of it rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusView:
    """One batch, or one single call, that should not be."""

    name: str
    batch: BatchRef
    """How its provider is asked for it."""
    failures: int
    is_batch: bool


def names(db: Connection, tag: str) -> frozenset[str]:
    """Return the provider's ids of what was found to be too much of a submission."""
    return frozenset(db.scalars(select(_SURPLUS.c.name).where(_SURPLUS.c.tag == tag)))


def to_stop(db: Connection, batch_id: str, now: datetime) -> list[tuple[str, SurplusView]]:
    """Return tag and surplus of whatever of a batch is to be stopped now."""
    due = (_SURPLUS.c.batch_id == batch_id) & (_SURPLUS.c.due_at <= now)
    rows = db.execute(select(_SURPLUS).where(due).order_by(_SURPLUS.c.tag, _SURPLUS.c.name)).all()
    return [(row.tag, _view(db, row.tag, row.name, row.key, row.failures)) for row in rows]


def batches_beside(db: Connection, batch_id: str) -> list[SurplusView]:
    """Return the surplus batches of one of ours, whose calls no list of ours shows."""
    mine = (_SURPLUS.c.batch_id == batch_id) & _SURPLUS.c.key.is_(None)
    query = select(_SURPLUS).join(SUBMISSION, SUBMISSION.c.tag == _SURPLUS.c.tag)
    beside = SUBMISSION.c.provider_batch_id.is_distinct_from(_SURPLUS.c.name)
    rows = db.execute(query.where(mine, beside).order_by(_SURPLUS.c.tag, _SURPLUS.c.name)).all()
    return [_view(db, row.tag, row.name, row.key, row.failures) for row in rows]


def stopped(db: Connection, tag: str, name: str, now: datetime) -> None:
    """The provider took the stop."""
    mine = (_SURPLUS.c.tag == tag) & (_SURPLUS.c.name == name)
    db.execute(update(_SURPLUS).where(mine).values(stopped_at=now, due_at=None))


def stop_failed(db: Connection, tag: str, name: str, now: datetime, pause: timedelta) -> None:
    """The stop failed: again after a pause, unless it has been tried for days."""
    mine = (_SURPLUS.c.tag == tag) & (_SURPLUS.c.name == name)
    found_at = db.execute(select(_SURPLUS.c.found_at).where(mine)).scalar_one()
    again_at = now + pause if now - found_at < _PATIENCE else None
    values = {"due_at": again_at, "failures": _SURPLUS.c.failures + 1}
    db.execute(update(_SURPLUS).where(mine).values(**values))


def next_due(db: Connection, batch_id: str) -> datetime | None:
    """When the next surplus of a batch is to be stopped; None: none is."""
    return db.scalar(select(func.min(_SURPLUS.c.due_at)).where(_SURPLUS.c.batch_id == batch_id))


def _view(db: Connection, tag: str, name: str, key: str | None, failures: int) -> SurplusView:
    submission = reference(db, tag)
    batch = BatchRef(submissions=(submission,), open_calls={name: key} if key is not None else {})
    if key is None:
        batch = BatchRef(submissions=(submission.named(name),))
    return SurplusView(name=name, batch=batch, failures=failures, is_batch=key is None)
