"""A batch whose campaign does not run, and that nobody needs to wait for until it does."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from campaign.states import CampaignState
from campaign.words import Progress
from store import campaigns
from store.batches import views as batches
from store.batches.totals import owes_more
from store.batches.views import BatchView, Tally
from store.submissions import history
from tasks.steps.runtime import Runtime

_STARTS_WITHIN = timedelta(minutes=30)
"""A start whose answer was lost may take effect so late; Vogent documents no time."""


async def resting(runtime: Runtime, campaign_id: str, batch_ids: Collection[str]) -> set[str]:
    """Which of these batches, left because their campaign was not running, to leave still.

    None once it runs again; of one that is being cancelled those that need not be waited for.
    """
    if not batch_ids:
        return set()
    now = runtime.clock.now()
    return await runtime.ledger.run(_resting, campaign_id, batch_ids, now)


def _resting(
    db: Connection, campaign_id: str, batch_ids: Collection[str], now: datetime
) -> set[str]:
    state = campaigns.get(db, campaign_id).state
    if state is CampaignState.RUNNING:
        return set()
    if state is not CampaignState.CANCELLING:
        return set(batch_ids)
    seen = ((batches.get(db, one), batches.tally(db, one)) for one in batch_ids)
    return {one.id for one, counted in seen if idle(db, one, counted, now)}


def idle(db: Connection, batch: BatchView, counted: Tally, now: datetime) -> bool:
    """The campaign is not running, and nothing of this batch may ring or is still to come home."""
    if batch.campaign_state is CampaignState.RUNNING or counted.doubtful_submissions:
        return False
    if not counted.dialling_submissions or _waits_for_its_start(db, batch, counted, now):
        return True
    return not counted.submitted and batch.swept_clean and not owes_more(db, batch)


def _waits_for_its_start(db: Connection, batch: BatchView, counted: Tally, now: datetime) -> bool:
    """Nothing of it was started, as the provider says, and no stop is to make sure of it.

    Nor may a start whose answer was lost take effect yet.
    """
    none_started = counted.accepted_submissions == counted.unstarted_submissions
    to_be_stopped = batch.stop_asked_at is not None and batch.stopped_at is None
    if not none_started or batch.progress is not Progress.CREATED or to_be_stopped:
        return False
    lost_at = history.start_lost_at(db, batch.id)
    return lost_at is None or now - lost_at >= _STARTS_WITHIN
