"""Live progress on the campaign's run page: a bar and an outcome table, at a bounded rate."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from prefect.artifacts import (
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.exceptions import ObjectNotFound, PrefectException

from store import books, campaigns
from store.books import Books
from tasks.steps.runtime import Runtime

_LOG = logging.getLogger(__name__)
_PAUSE = timedelta(seconds=5)
_last: dict[str, datetime] = {}


async def publish(
    runtime: Runtime, campaign_id: str, *, at_once: bool = False, anew: bool = False
) -> None:
    """Show how far a campaign is; at most once in five seconds unless `at_once`.

    Counts only, nobody's number.
    """
    now = runtime.clock.now()
    if not at_once and now - _last.get(campaign_id, now - _PAUSE) < _PAUSE:
        return
    _last[campaign_id] = now
    counted = await runtime.ledger.run(books.books, campaign_id)
    with dispensable("progress"):
        await _publish_bar(runtime, campaign_id, counted, anew=anew)
        await _publish_table(runtime, campaign_id, counted)


@contextmanager
def dispensable(picture: str) -> Generator[None]:
    """Let what cannot be shown be missing: a picture must not end the campaign."""
    try:
        yield
    except (httpx.HTTPError, PrefectException) as error:
        _LOG.warning("%s could not be shown: %s", picture, type(error).__name__)


async def _publish_bar(runtime: Runtime, campaign_id: str, counted: Books, *, anew: bool) -> None:
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    closed = counted.listed - counted.ready - counted.open
    percent = 100 * closed / counted.listed if counted.listed else 0.0
    if campaign.progress_artifact_id is not None and not anew:
        bar = UUID(campaign.progress_artifact_id)
        # The ledger may know a bar of another Prefect server, or one that was deleted.
        with suppress(ObjectNotFound):
            await aupdate_progress_artifact(bar, percent, description=counted.in_words)
            return
    made = await acreate_progress_artifact(
        percent, key=f"campaign-{campaign.name}", description=counted.in_words
    )
    await runtime.ledger.run(campaigns.set_progress_artifact, campaign_id, str(made))


async def _publish_table(runtime: Runtime, campaign_id: str, counted: Books) -> None:
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    outcomes = await runtime.ledger.run(books.outcomes, campaign_id)
    table = [
        {"provider": row.provider, "outcome": row.outcome, "calls": row.calls} for row in outcomes
    ]
    await acreate_table_artifact(
        table, key=f"outcomes-{campaign.name}", description=counted.in_words
    )
