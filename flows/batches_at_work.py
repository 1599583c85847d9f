"""The batches that a campaign's run looks after itself, each in a task of its own."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from campaign.states import BatchState
from flows.run_batch import run_batch
from tasks import campaigns
from tasks.steps import planning
from tasks.steps.resting import resting
from tasks.steps.runtime import Runtime

_NOTICE = timedelta(seconds=2)
"""How soon a free place for a batch, a pause or a cancellation is noticed while batches run."""


@dataclass(slots=True)
class BatchesAtWork:
    """What one run has begun, and what has come back to it."""

    runtime: Runtime
    campaign_id: str
    at_once: int
    running: dict[str, asyncio.Task[str]] = field(default_factory=dict[str, asyncio.Task[str]])
    broken: dict[str, BaseException] = field(default_factory=dict[str, BaseException])
    """The errors of those that broke off; they are left to the next run."""
    _over: set[str] = field(default_factory=set[str])
    """Nobody waits for these any more; what is still looked for in them is for the next run."""
    _resting: set[str] = field(default_factory=set[str])
    """These came back because their campaign was not running."""

    async def begin(self) -> None:
        """Begin what there is room for."""
        room = self.at_once - len(self.running)
        at_rest = await resting(self.runtime, self.campaign_id, self._resting)
        known = {*self.running, *self.broken, *self._over, *at_rest}
        for batch_id in await next_batches(self.runtime, self.campaign_id, room, known):
            self._resting.discard(batch_id)
            self.running[batch_id] = asyncio.create_task(run_batch(batch_id))

    async def wait(self) -> None:
        """Wait until one comes back, or until it is time to see what has changed."""
        await asyncio.wait(
            self.running.values(),
            timeout=_NOTICE.total_seconds(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        for batch_id, task in list(self.running.items()):
            if task.done():
                del self.running[batch_id]
                self._come_back(batch_id, task)

    def _come_back(self, batch_id: str, task: asyncio.Task[str]) -> None:
        error = task.exception()
        if error is not None:
            self.broken[batch_id] = error
        elif BatchState(task.result()).over:
            self._over.add(batch_id)
        else:
            self._resting.add(batch_id)


async def next_batches(
    runtime: Runtime, campaign_id: str, room: int, known: Collection[str] = ()
) -> list[str]:
    """What was left open first, then what is planned anew; none that is `known`."""
    left = [one for one in await planning.unfinished(runtime, campaign_id) if one not in known]
    if len(left) < room and await planning.anybody_due(runtime, campaign_id):
        left += await campaigns.plan_wave(campaign_id, room - len(left))
    return left[: max(room, 0)]
