"""A run that was at work when its campaign was paused goes on with all of it after `resume`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from campaign.states import CampaignState
from flows.run_campaign import run_campaign
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.people import People
from simulator.settings import SimulatorSettings
from store import campaigns
from tasks.steps.runtime import Runtime, lend
from tests.protocol.clock import RunnerClock, SharedTime
from tests.protocol.world import NAME, begin

pytestmark = pytest.mark.usefixtures("prefect_api")

LONG_TALKS = SimulatorSettings(people=People(mode="script", talk_seconds=(3600, 3600)))


class Operator(RunnerClock):
    """A clock beside which somebody resumes the campaign, twenty minutes after it has stopped."""

    def __init__(self, time: SharedTime, runtime: Runtime) -> None:
        super().__init__(time)
        self.runtime = runtime
        self.seen_at: datetime | None = None
        self.resumed = 0

    async def sleep(self, length: timedelta) -> None:
        """Wait, and see how the campaign is."""
        await super().sleep(length)
        campaign = await self.runtime.ledger.run(campaigns.get, NAME)
        if campaign.state is not CampaignState.NEEDS_ATTENTION:
            return
        now = self.now()
        self.seen_at = self.seen_at or now
        if now - self.seen_at >= timedelta(minutes=20):
            to = CampaignState.RUNNING
            await self.runtime.ledger.run(campaigns.set_state, campaign.id, to, "", now)
            self.resumed += 1


async def test_a_batch_that_came_back_while_the_campaign_waited_is_taken_again_by_the_same_run(
    tmp_path: Path, sqlite_database_url: str
) -> None:
    flow: Any = run_campaign
    with begin("vogent", tmp_path, sqlite_database_url, settings=LONG_TALKS) as world:
        world.storm([Rule(routes=["start"], nth=[2], fault=Status(status=403))])
        async with world.runtime() as runtime, lend(runtime):
            runtime.clock = operator = Operator(world.time, runtime)
            state: State[Any] = await flow(file=str(world.file), return_state=True)
            rings = len(world.simulator.stage.world.ledger.rings)

    assert operator.resumed == 1
    assert state.is_completed(), state.message
    assert rings == 6
