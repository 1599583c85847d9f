"""The next batch of a campaign: chosen, judged and written down, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from campaign.candidates import Candidate, Ruling
from campaign.drain import Drain
from campaign.states import RecipientState
from store.allowance.room import room
from store.database.columns import table_of
from store.planning.candidates import RECIPIENT
from store.planning.choosing import Judge, Places, choose
from store.planning.draft import Draft, PlannedBatch
from store.planning.writing import write
from store.tables import Campaign

_CAMPAIGN = table_of(Campaign)

_LOCK = 0x706C616E  # "plan": PostgreSQL's advisory locks are numbers.


def plan_batch(
    db: Connection,
    campaign_id: str,
    provider: str,
    *,
    now: datetime,
    size: int,
    submission_size: int,
    judge: Judge | None = None,
    drain: Drain | None = None,
    from_numbers: Sequence[str] = (),
) -> PlannedBatch | None:
    """Plan the next batch out of the recipients that are due, the longest due first.

    Never beyond what the campaign's allowance has room for; each attempt takes its reservation of
    the budget. `judge` decides about each; without one all are called. With a `drain` the batch is
    full when its last call could no longer begin before somebody's window closes. `from_numbers`
    are dealt out so that a person always sees the same. A number with an open attempt in whichever
    campaign waits, a suppressed one is skipped.

    None: nobody was to be called, as in a campaign that waits for its plan. That may be so because
    `LOOKED_AT_MOST` people were judged and none is to be called now: ask `next_due` whether others
    are due.
    """
    _one_planner_at_a_time(db)
    if _unbound(db, campaign_id):
        return None
    granted = room(db, campaign_id, provider, size, now)
    draft = Draft(
        campaign_id,
        _secret(db, campaign_id),
        provider,
        now,
        submission_size,
        tuple(from_numbers),
        granted,
    )
    chosen = choose(db, draft, Places(granted.people, drain), judge or _call_all)
    return write(db, draft, chosen) if chosen else None


def next_due(db: Connection, campaign_id: str, provider: str | None = None) -> datetime | None:
    """Return when the next recipient is due, perhaps in the past; None: nobody is to be called."""
    query = select(func.min(func.coalesce(RECIPIENT.c.due_at, RECIPIENT.c.imported_at))).where(
        RECIPIENT.c.campaign_id == campaign_id, RECIPIENT.c.state == RecipientState.READY.value
    )
    if provider is not None:
        query = query.where(RECIPIENT.c.provider == provider)
    return db.execute(query).scalar_one()


def _one_planner_at_a_time(db: Connection) -> None:
    """Two planners must not choose the same number; on SQLite one transaction writes at a time."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def _unbound(db: Connection, campaign_id: str) -> bool:
    """The campaign is to be run by a plan that nobody is held to yet."""
    c = _CAMPAIGN.c
    query = select(c.id).where(c.id == campaign_id, c.plan.is_not(None), c.plan_bound_at.is_(None))
    return db.execute(query).first() is not None


def _call_all(_candidate: Candidate) -> Ruling:
    return Ruling.call()


def _secret(db: Connection, campaign_id: str) -> bytes:
    query = select(_CAMPAIGN.c.secret).where(_CAMPAIGN.c.id == campaign_id)
    return db.execute(query).scalar_one()
