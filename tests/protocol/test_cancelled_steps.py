"""A step that is cancelled while it writes down what a provider has said."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import Connection

from campaign.states import CampaignState, SubmissionState
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from store.batches import views as batches
from store.ledger import Ledger
from store.runners import Runner, locks_of
from store.submissions import views as submissions
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver
from tests.protocol.clock import RunnerClock
from tests.protocol.world import begin

P = ParamSpec("P")
T = TypeVar("T")


class InterruptedLedger(Ledger):
    """Has a step cancelled when it asks for some work, and once more for each work after it."""

    at = ""
    step: asyncio.Task[object] | None = None
    impatient = False

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        begun = self.step is not None and self.step.cancelling() > 0
        if self.step is not None and (work.__name__ == self.at or (begun and self.impatient)):
            self.step.cancel()
            await asyncio.sleep(0)
        return await super().run(work, *args, **kwargs)


@pytest.mark.parametrize("impatient", [False, True], ids=["once", "again and again"])
@pytest.mark.parametrize(
    "status, at, state, campaign",
    [
        (429, "times", SubmissionState.PLANNED, CampaignState.RUNNING),
        (400, "reject", SubmissionState.REJECTED, CampaignState.NEEDS_ATTENTION),
    ],
)
async def test_a_refusal_is_written_down_though_its_step_is_cancelled(
    status: int,
    at: str,
    state: SubmissionState,
    campaign: CampaignState,
    *,
    impatient: bool,
    tmp_path: Path,
    sqlite_ledger: str,
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=1) as world:
        world.storm([Rule(routes=["submit"], fault=Status(status=status))])
        async with InterruptedLedger.open(world.place.database_url) as ledger:
            with Runner(locks_of(ledger.engine)) as one:
                runtime = Runtime(ledger, one, RunnerClock(world.time), world.watched.connect)
                async with lend(runtime):
                    campaign_id = await driver.enroll(runtime, world.file)
                    (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
                    ledger.at, ledger.impatient = at, impatient
                    ledger.step = asyncio.create_task(driver.one_step(runtime, batch_id))
                    with suppress(asyncio.CancelledError):
                        await ledger.step
                (submission,) = await ledger.run(submissions.of_batch, batch_id)
                batch = await ledger.run(batches.get, batch_id)

    assert ledger.step.cancelled()
    assert submission.state is state
    assert batch.campaign_state is campaign
