"""Queries of the sweeper."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from campaign.states import CAMPAIGN, BatchState, CampaignState
from store.database.columns import table_of
from store.tables import Batch, Campaign

_BATCH = table_of(Batch)
_CAMPAIGN = table_of(Campaign)
_OVER = [state.value for state in BatchState if state.over]


def due_batches(
    db: Connection,
    now: datetime,
    overdue: timedelta,
    limit: int = 500,
    *,
    besides: Collection[str] = (),
) -> list[str]:
    """Ids of batches whose step is due and that no living flow run looks after.

    The longest overdue first. Those of handed over campaigns and those that are over (late sweeps,
    doubts still looked for) when they are due; others only when they are overdue. `besides`: not
    these.
    """
    ours = or_(_CAMPAIGN.c.handed_over, _BATCH.c.state.in_(_OVER))
    query = (
        select(_BATCH.c.id)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _BATCH.c.campaign_id)
        .where(
            or_(
                and_(ours, _BATCH.c.due_at <= now),
                and_(
                    _CAMPAIGN.c.handed_over, _BATCH.c.due_at.is_(None), _BATCH.c.state.not_in(_OVER)
                ),
                _BATCH.c.due_at <= now - overdue,
                # Planned and never touched: its due time is its making.
                and_(
                    _BATCH.c.due_at.is_(None),
                    _BATCH.c.state.not_in(_OVER),
                    _BATCH.c.created_at <= now - overdue,
                ),
            ),
            _BATCH.c.id.not_in(besides),
        )
        .order_by(_BATCH.c.due_at)
        .limit(limit)
    )
    return list(db.scalars(query))


def anything_open(db: Connection) -> bool:
    """Whether a handed over campaign has something under way."""
    query = (
        select(_BATCH.c.id)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _BATCH.c.campaign_id)
        .where(_CAMPAIGN.c.handed_over, _BATCH.c.state.not_in(_OVER))
        .limit(1)
    )
    return db.scalar(query) is not None


def handed_over(db: Connection) -> list[str]:
    """Ids of the campaigns that the sweeper goes on with."""
    query = select(_CAMPAIGN.c.id).where(_CAMPAIGN.c.handed_over).order_by(_CAMPAIGN.c.id)
    return list(db.scalars(query))


def cancelling(db: Connection) -> list[str]:
    """Ids of the campaigns that are being cancelled, whoever looks after them."""
    query = select(_CAMPAIGN.c.id).where(_CAMPAIGN.c.state == CampaignState.CANCELLING.value)
    return list(db.scalars(query.order_by(_CAMPAIGN.c.id)))


def flow_runs_at_work(db: Connection) -> list[str]:
    """Ids of the flow runs that look after running campaigns themselves."""
    query = (
        select(_CAMPAIGN.c.flow_run_id)
        .where(
            _CAMPAIGN.c.state == CampaignState.RUNNING,
            _CAMPAIGN.c.handed_over.is_(False),
            _CAMPAIGN.c.flow_run_id.is_not(None),
        )
        .order_by(_CAMPAIGN.c.id)
    )
    return list(db.scalars(query))


def flow_runs_to_heed(db: Connection) -> Mapping[str, str]:
    """Campaigns that can still be cancelled, by the flow run that looks after them, or did."""
    open_states = [state for state, after in CAMPAIGN.items() if CampaignState.CANCELLING in after]
    query = select(_CAMPAIGN.c.flow_run_id, _CAMPAIGN.c.id).where(
        or_(
            _CAMPAIGN.c.state.in_(open_states),
            # Somebody has to see to the end of it once its flow run has ended.
            and_(_CAMPAIGN.c.state == CampaignState.CANCELLING, _CAMPAIGN.c.handed_over.is_(False)),
        ),
        _CAMPAIGN.c.flow_run_id.is_not(None),
    )
    return {row.flow_run_id: row.id for row in db.execute(query)}


def set_handed_over(db: Connection, campaign_id: str, *, handed_over: bool) -> None:
    """Say who goes on with a campaign: the sweeper, or its flow run."""
    db.execute(
        update(_CAMPAIGN).where(_CAMPAIGN.c.id == campaign_id).values(handed_over=handed_over)
    )
