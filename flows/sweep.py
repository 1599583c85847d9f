"""What the sweeper does in one pass, each thing apart: what breaks off holds up nothing else."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prefect import get_run_logger

from campaign.errors import OutdialError
from flows.cancelled_runs import heed_cancellations
from flows.putting_back import put_back_crashed, put_back_unstarted
from flows.run_batch import advance
from flows.waking import wake
from tasks import campaigns
from tasks.steps import enrolling, planning, sweeping
from tasks.steps.runtime import Runtime

_AT_ONCE = 16
_CANCELLED = "what was cancelled in Prefect"


@dataclass(slots=True)
class Sweep:
    """The passes of one flow run. What broke off in one of them is left to the next flow run."""

    runtime: Runtime
    broken: dict[str, str] = field(default_factory=dict[str, str])
    """What broke off, by the id of the campaign or batch that it happened to."""

    async def begin(self) -> None:
        """Have flow runs taken once more that nobody else would go on with, and finish cancels."""
        now = self.runtime.clock.now()
        with self._apart("putting back", "what crashed"):
            await put_back_crashed(await sweeping.flow_runs_at_work(self.runtime), now)
        with self._apart("putting back", "what never began"):
            await put_back_unstarted(now)
        for campaign_id in await sweeping.cancelling(self.runtime):
            with self._apart("cancelling campaign", campaign_id):
                await sweeping.finish_cancel(self.runtime, campaign_id)

    async def once(self) -> bool:
        """Do everything that is due. Returns whether anything could be done."""
        if _CANCELLED not in self.broken:
            with self._apart("looking for", _CANCELLED):
                await heed_cancellations(self.runtime)
        await sweeping.recover(self.runtime)
        worked = await self._advance_all(
            await sweeping.due_batches(self.runtime, besides=self.broken)
        )
        for campaign_id in await sweeping.handed_over(self.runtime):
            if campaign_id not in self.broken:
                with self._apart("campaign", campaign_id):
                    worked |= await self._go_on(campaign_id)
        return worked

    async def _advance_all(self, batch_ids: list[str]) -> bool:
        """Advance the batches, a few at a time; returns whether there was a step to do."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(batch_id: str) -> bool:
            async with gate:
                with self._apart("batch", batch_id):
                    return bool((await advance(self.runtime, batch_id)).verbs)
                return False

        return any(await asyncio.gather(*map(one, batch_ids)))

    async def _go_on(self, campaign_id: str) -> bool:
        """Plan what there is room for, or wake the flow run that closes the books.

        Returns whether anything was planned: it is due at once, so the next pass submits it.
        """
        planned: tuple[str, ...] = ()
        room = await sweeping.room(self.runtime, campaign_id)
        if room > 0 and await planning.anybody_due(self.runtime, campaign_id):
            planned = await campaigns.plan_wave(campaign_id, room)
        if await enrolling.finished(self.runtime, campaign_id):
            await wake(self.runtime, campaign_id)
        return bool(planned)

    @contextmanager
    def _apart(self, what: str, of: str) -> Generator[None]:
        """Keep an error, and go on behind this block."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to wait.
            # Only our own errors are known to hold no number and no variable.
            why = type(error).__name__ + (f": {error}" if isinstance(error, OutdialError) else "")
            self.broken[of] = f"{what} {of}: {why}"
            get_run_logger().error("%s %s broke off: %s", what, of, why)
