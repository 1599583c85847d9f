"""The sweeper: every minute, go on with whatever was left."""

import asyncio
from datetime import timedelta

from prefect import flow, get_run_logger

from flows.cancelled_runs import heed_cancellations
from flows.putting_back import put_back_crashed, put_back_unstarted
from flows.run_batch import advance
from flows.waking import wake
from tasks import campaigns
from tasks.steps import enrolling, planning, sweeping
from tasks.steps.runtime import Runtime, open_runtime

_AT_ONCE = 16


@flow(name="resume-campaigns")
async def resume_campaigns(seconds: int = 50) -> None:
    """Go on with handed over campaigns, with what crashed, and with late results.

    Works for about `seconds`. Takes batches whose step is due: of campaigns that were handed over
    at once, of others when they are overdue, as then nobody looks after them. Plans the next waves
    of handed over campaigns and wakes their flow runs when all is done; puts flow runs of the other
    campaigns back that crashed, and any that never began. Cancels campaigns whose flow run was
    cancelled in Prefect. Two sweepers at once do no harm.
    """
    async with open_runtime() as runtime:
        await _put_back(runtime)
        end = runtime.clock.now() + timedelta(seconds=seconds)
        while True:
            worked = await _sweep(runtime)
            if runtime.clock.now() >= end or not await sweeping.anything_open(runtime):
                return
            if not worked:
                await runtime.clock.sleep(timedelta(seconds=1))


async def _put_back(runtime: Runtime) -> None:
    """Have flow runs taken once more that nobody else would go on with."""
    now = runtime.clock.now()
    await put_back_crashed(await sweeping.flow_runs_at_work(runtime), now)
    await put_back_unstarted(now)


async def _sweep(runtime: Runtime) -> bool:
    """One pass over everything that is due. Returns whether anything was."""
    await heed_cancellations(runtime)
    await sweeping.recover(runtime)
    due = await sweeping.due_batches(runtime)
    await _advance_all(runtime, due)
    for campaign_id in await sweeping.handed_over(runtime):
        await _plan(runtime, campaign_id)
        if await enrolling.finished(runtime, campaign_id):
            await wake(runtime, campaign_id)
    return bool(due)


async def _advance_all(runtime: Runtime, batch_ids: list[str]) -> None:
    """Advance the batches, a few at a time; one that breaks off does not hold up the others."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(batch_id: str) -> None:
        async with gate:
            await advance(runtime, batch_id)

    for batch_id, outcome in zip(
        batch_ids,
        await asyncio.gather(*map(one, batch_ids), return_exceptions=True),
        strict=True,
    ):
        if isinstance(outcome, Exception):
            get_run_logger().error("batch %s broke off: %s", batch_id, type(outcome).__name__)


async def _plan(runtime: Runtime, campaign_id: str) -> None:
    """Plan what there is room for; the batches are due at once, so the next pass submits them."""
    room = await sweeping.room(runtime, campaign_id)
    if room > 0 and await planning.anybody_due(runtime, campaign_id):
        await campaigns.plan_wave(campaign_id, room)
