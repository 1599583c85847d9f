"""Bring a campaign's own flow run back, so that it closes the books."""

from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

from flows.putting_back import may_try_again, put_back, settling
from tasks import campaigns
from tasks.steps import sweeping
from tasks.steps.runtime import Runtime


async def wake(runtime: Runtime, campaign_id: str) -> None:
    """Resume a campaign's suspended flow run, put a crashed one back, or do without a lost one.

    A run that crashed more than five times stays as it is: its books are closed here, and the cause
    is in its log.
    """
    flow_run_id = await sweeping.flow_run_of(runtime, campaign_id)
    if flow_run_id is None:
        await _close_here(runtime, campaign_id)
        return
    async with get_client() as client:
        try:
            run = await client.read_flow_run(UUID(flow_run_id))
        except ObjectNotFound:
            await _close_here(runtime, campaign_id)
            return
        await _wake_run(runtime, client, campaign_id, run)


async def _wake_run(
    runtime: Runtime, client: PrefectClient, campaign_id: str, run: FlowRun
) -> None:
    state = run.state
    if state is None or state.is_pending() or state.is_scheduled() or state.is_running():
        return
    if settling(run, runtime.clock.now()):
        return
    if state.is_paused():
        await client.resume_flow_run(run.id)
    elif await may_try_again(client, run):
        await put_back(client, run)
    elif state.is_final():
        await _close_here(runtime, campaign_id)


async def _close_here(runtime: Runtime, campaign_id: str) -> None:
    books = await campaigns.close_books(campaign_id)
    await sweeping.take_back(runtime, campaign_id)
    get_run_logger().info("campaign %s: %s", campaign_id, books.in_words)
