"""What a provider has of a submission beyond what counts: written down, stopped, collected too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaign.calls import BatchRef, Found
from campaign.pace import next_late_look
from campaign.states import AttemptState
from store.database.columns import table_of
from store.decisions import incidents
from store.submissions.views import (
    ATTEMPT,
    SUBMISSION,
    came_to_nothing,
    log,
    reference,
    times,
)
from store.tables import Batch, Call, Surplus

_BATCH = table_of(Batch)
_CALL = table_of(Call)
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


def record(
    db: Connection, tag: str, provider_batch_id: str, call_ids: Mapping[str, str], now: datetime
) -> None:
    """Write down what the provider has beside what is known of a submission, as incidents.

    To be stopped at once, and for as long as that fails. `call_ids`: by key; they tell the calls
    of a provider without batches apart. What is known already, or is the only one, is no surplus,
    unless the submission had come to nothing.
    """
    if came_to_nothing(db, tag):
        _record_unwanted(db, tag, provider_batch_id, call_ids, now)
        return
    if provider_batch_id != tag:
        known = db.scalar(select(SUBMISSION.c.provider_batch_id).where(SUBMISSION.c.tag == tag))
        if known != provider_batch_id:
            _record(db, tag, provider_batch_id, None, now)
        return
    known = ATTEMPT.c.provider_call_id.is_not(None)
    query = select(ATTEMPT.c.key, ATTEMPT.c.provider_call_id).where(ATTEMPT.c.tag == tag, known)
    for key, placed in db.execute(query).all():
        call_id = call_ids.get(key, placed)
        if call_id != placed:
            _record(db, tag, call_id, key, now)


def _record_unwanted(
    db: Connection, tag: str, provider_batch_id: str, call_ids: Mapping[str, str], now: datetime
) -> None:
    """Have what turned up of a submission that came to nothing stopped, though nothing else counts.

    Of single calls those which are over need not be.
    """
    detail = "had been given up, and is to be stopped"
    if times(db, tag, "planned_again"):
        detail = "was sent before somebody vouched for it: its people may be called twice"
    if provider_batch_id != tag:
        _record(db, tag, provider_batch_id, None, now, detail=detail)
        return
    over = set(db.scalars(select(_CALL.c.provider_call_id).where(_CALL.c.tag == tag, _CALL.c.over)))
    for key, call_id in call_ids.items():
        if call_id not in over:
            _record(db, tag, call_id, key, now, detail=detail)


def late_look(db: Connection, tag: str, now: datetime) -> datetime | None:
    """When to look once more for what is decided now; None: it was sent once, or never.

    What was sent again may turn up twice, or as what was sent before; what had come to nothing, and
    turns up, may do so bit by bit.
    """
    if not times(db, tag, "planned_again") and not came_to_nothing(db, tag):
        return None
    start_at = db.scalar(select(SUBMISSION.c.start_at).where(SUBMISSION.c.tag == tag))
    return next_late_look(now, now, start_at)


def _record(
    db: Connection,
    tag: str,
    name: str,
    key: str | None,
    now: datetime,
    *,
    detail: str = "exists twice",
) -> None:
    batch = db.execute(
        select(_BATCH.c.id, _BATCH.c.campaign_id, _BATCH.c.provider)
        .join(SUBMISSION, SUBMISSION.c.batch_id == _BATCH.c.id)
        .where(SUBMISSION.c.tag == tag)
    ).one()
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    said = {"tag": tag, "name": name, "key": key, "batch_id": batch.id}
    statement = insert(_SURPLUS).values(**said, found_at=now, due_at=now, failures=0)
    new = db.execute(statement.on_conflict_do_nothing().returning(_SURPLUS.c.tag)).first()
    if new is None:
        return
    incidents.report(
        db,
        batch.campaign_id,
        batch.id,
        "duplicate_submission",
        subject=f"{batch.provider}/{name}",
        detail=f"{tag} at {batch.provider}: {detail}",
        now=now,
    )
    later = or_(_BATCH.c.due_at.is_(None), _BATCH.c.due_at > now)
    db.execute(update(_BATCH).where(_BATCH.c.id == batch.id, later).values(due_at=now))


def change_places(db: Connection, tag: str, known: Found, other: Found, now: datetime) -> None:
    """Let `other` count from now on where `known` does, as it dials already and that one waits."""
    mine = (SUBMISSION.c.tag == tag) & (SUBMISSION.c.provider_batch_id == known.provider_batch_id)
    if known.provider_batch_id == tag:
        for key, call_id in known.call_ids.items():
            if key in other.call_ids:
                its = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.key == key)
                placed = update(ATTEMPT).where(its, ATTEMPT.c.provider_call_id == call_id)
                db.execute(placed.values(provider_call_id=other.call_ids[key]))
                # It may have been listed, and over, before it counted.
                its_call = _calls(tag) & (_CALL.c.provider_call_id == other.call_ids[key])
                db.execute(update(_CALL).where(its_call).values(detail_due_at=now))
    elif not is_anothers(db, tag, other.provider_batch_id, now):
        exchanged = update(SUBMISSION).where(mine)
        if db.execute(exchanged.values(provider_batch_id=other.provider_batch_id)).rowcount == 1:
            log(db, tag, "exchanged", now, detail=other.provider_batch_id)
            _sweep_anew(db, tag)


def _sweep_anew(db: Connection, tag: str) -> None:
    """What was swept so far was another's list: of its calls none counts until it is shown again.

    A page of that list which is under way is refused.
    """
    values = {"cursor": None, "over_at": None, "clean_rounds": 0, "round_changed": True}
    anew = update(_BATCH).where(_BATCH.c.id == _batch_of(tag))
    db.execute(anew.values(round=_BATCH.c.round + 1, **values))
    db.execute(update(_CALL).where(_calls(tag)).values(beside=True))
    waiting = [AttemptState.SUBMITTED.value, AttemptState.HELD.value]
    undecided = (ATTEMPT.c.tag == tag) & ATTEMPT.c.state.in_(waiting)
    db.execute(update(ATTEMPT).where(undecided).values(provider_call_id=None))


def _calls(tag: str) -> ColumnElement[bool]:
    return (_CALL.c.batch_id == _batch_of(tag)) & (_CALL.c.tag == tag)


def _batch_of(tag: str) -> ScalarSelect[str]:
    return select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag).scalar_subquery()


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


def is_anothers(db: Connection, tag: str, provider_batch_id: str, now: datetime) -> bool:
    """Whether a provider's id belongs to another submission of ours, which is an incident."""
    mine = select(SUBMISSION.c.provider).where(SUBMISSION.c.tag == tag).scalar_subquery()
    its = (SUBMISSION.c.provider == mine) & (SUBMISSION.c.provider_batch_id == provider_batch_id)
    query = (
        select(SUBMISSION.c.tag, SUBMISSION.c.provider, SUBMISSION.c.batch_id, _BATCH.c.campaign_id)
        .join(_BATCH, _BATCH.c.id == SUBMISSION.c.batch_id)
        .where(its, SUBMISSION.c.tag != tag)
    )
    owner = db.execute(query).first()
    if owner is None:
        return False
    incidents.report(
        db,
        owner.campaign_id,
        owner.batch_id,
        "contested_id",
        subject=f"{owner.provider}/{provider_batch_id}/{tag}",
        detail=f"{owner.provider} names one id for {tag}, and the ledger has it as {owner.tag}",
        now=now,
    )
    return True


def _view(db: Connection, tag: str, name: str, key: str | None, failures: int) -> SurplusView:
    submission = reference(db, tag)
    batch = BatchRef(submissions=(submission,), open_calls={name: key} if key is not None else {})
    if key is None:
        batch = BatchRef(submissions=(submission.named(name),))
    return SurplusView(name=name, batch=batch, failures=failures, is_batch=key is None)
