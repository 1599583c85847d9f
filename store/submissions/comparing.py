"""What a provider has of a submission beyond what counts: written down, stopped, collected too."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaign.pace import next_late_look
from store.database.columns import table_of
from store.decisions import incidents
from store.submissions.history import came_to_nothing, times
from store.submissions.views import ATTEMPT, SUBMISSION
from store.tables import Batch, Call, Surplus

_BATCH = table_of(Batch)
_CALL = table_of(Call)
_SURPLUS = table_of(Surplus)


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
