"""The sweeper goes on with everything that can be gone on with, rests, and says what broke off."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from sqlalchemy import Connection, select

from campaign.errors import BadInput
from campaign.states import CampaignState
from flows.resume_campaigns import resume_campaigns
from providers.connecting import Remember
from providers.port import Provider
from store import campaigns, sweeps
from store.batches import views as batches
from store.decisions import cancelling
from store.submissions import claiming
from store.submissions import views as submissions
from store.submissions.views import ATTEMPT
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Connect, Runtime, lend
from tests.flows.campaigns import campaign, write_list
from tests.protocol import driver
from tests.protocol.clock import RunnerClock, SharedTime
from tests.protocol.world import PACE, World, begin

pytestmark = pytest.mark.usefixtures("prefect_api")

NO_KEY = "there is no key for it here"


class Restless(RunnerClock):
    """A clock that says how much of the time was slept; whoever only looks at it wastes some."""

    def __init__(self, time: SharedTime) -> None:
        super().__init__(time)
        self.slept = timedelta(0)

    def now(self) -> Any:
        """Tell the time, some hundredths of a second later."""
        super().now()
        return self._time.skip(timedelta(milliseconds=20))

    async def sleep(self, length: timedelta) -> None:
        """Wait."""
        self.slept += length
        await super().sleep(length)


def without_key_of(provider: str, connect: Connect) -> Connect:
    """Connections of a worker whose environment lacks this provider's key."""

    def connecting(
        name: str, agent: Mapping[str, object], remember: Remember
    ) -> AbstractAsyncContextManager[Provider]:
        if name == provider:
            raise BadInput(NO_KEY)
        return connect(name, agent, remember)

    return connecting


async def swept(seconds: int = 50) -> State[Any]:
    flow: Any = resume_campaigns
    return await flow(seconds=seconds, return_state=True)


async def hand_over(runtime: Runtime, campaign_id: str) -> None:
    await runtime.ledger.run(sweeps.set_handed_over, campaign_id, handed_over=True)


async def two_handed_over(runtime: Runtime, world: World) -> dict[str, str]:
    """Hand a campaign of Bland and one of Vapi over, of different people; ids by provider."""
    write_list(world.file.parent, 3, "others.csv", skip=10)
    recipients = {"source": "others.csv", "country": "US"}
    other = campaign("vapi", "another", recipients=recipients, polling=PACE)
    file = world.file.with_name("another.yaml")
    file.write_text(other.model_dump_json(exclude_defaults=True))
    ids = {
        "bland": await driver.enroll(runtime, world.file),
        "vapi": await driver.enroll(runtime, file),
    }
    for campaign_id in ids.values():
        await hand_over(runtime, campaign_id)
    return ids


def keys_of(db: Connection, tag: str) -> list[str]:
    return list(db.scalars(select(ATTEMPT.c.key).where(ATTEMPT.c.tag == tag)))


async def state_of(runtime: Runtime, campaign_id: str) -> CampaignState:
    return (await runtime.ledger.run(campaigns.get, campaign_id)).state


async def test_a_campaign_that_cannot_be_planned_holds_up_no_other_one_and_is_told(
    tmp_path: Path, sqlite_database_url: str
) -> None:
    with begin("bland", tmp_path, sqlite_database_url, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            ids = await two_handed_over(runtime, world)
            broken, other = sorted(ids, key=ids.__getitem__)  # In the order they are gone on with.
            runtime.connect = without_key_of(broken, runtime.connect)
            state = await swept()
            planned = [await runtime.ledger.run(batches.unfinished, ids[one]) for one in ids]
            placed = await runtime.ledger.run(batches.unfinished, ids[other])
            counted = await runtime.ledger.run(batches.tally, placed[0])

    assert counted.accepted_submissions == 1
    assert sum(map(len, planned)) == 1
    assert (state.name, state.is_failed()) == ("BrokeOff", True)
    assert state.message == f"campaign {ids[broken]}: BadInput: {NO_KEY}"


async def test_a_batch_that_breaks_off_is_tried_once_by_each_run_which_rests_meanwhile(
    tmp_path: Path, sqlite_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with begin("bland", tmp_path, sqlite_database_url, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            await hand_over(runtime, campaign_id)
        async with world.runtime() as runtime, lend(runtime):
            runtime.connect = without_key_of("bland", runtime.connect)
            runtime.clock = clock = Restless(world.time)
            state = await swept()
        async with world.runtime() as runtime, lend(runtime):
            mended = await swept()
            counted = await runtime.ledger.run(batches.tally, batch_id)

    assert state.message == f"batch {batch_id}: BadInput: {NO_KEY}"
    assert caplog.text.count("broke off") == 1
    assert clock.slept > timedelta(seconds=25)
    assert mended.is_completed()
    assert counted.accepted_submissions == 1


async def test_it_rests_while_another_runner_waits_for_the_answer_to_what_it_sent(
    tmp_path: Path, sqlite_database_url: str
) -> None:
    with begin("bland", tmp_path, sqlite_database_url, people=3) as world:
        async with world.runtime() as runtime, world.runtime() as other, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            await hand_over(runtime, campaign_id)
            (planned,) = await runtime.ledger.run(submissions.of_batch, batch_id)
            claimed = await other.ledger.run(
                claiming.claim,
                planned.tag,
                owner=other.runner.name,
                body=b"{}",
                keys=await runtime.ledger.run(keys_of, planned.tag),
                start_at=None,
                now=runtime.clock.now(),
                lease=timedelta(minutes=5),
            )
            runtime.clock = clock = Restless(world.time)
            state = await swept()

    assert claimed is not None
    assert clock.slept > timedelta(seconds=25)
    assert state.is_completed()


async def test_a_cancellation_whose_flow_run_died_comes_to_its_end(
    tmp_path: Path, sqlite_database_url: str
) -> None:
    with begin("bland", tmp_path, sqlite_database_url, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await driver.cancel(runtime, campaign_id)
        async with world.runtime() as runtime, lend(runtime):
            await swept(seconds=0)
            early = await state_of(runtime, campaign_id)
            await runtime.clock.sleep(timedelta(minutes=3))  # Overdue: nobody looks after it.
            for _ in range(20):
                await swept(seconds=0)
                await runtime.clock.sleep(timedelta(minutes=1))
            ended = await state_of(runtime, campaign_id)

    assert early is CampaignState.CANCELLING
    assert ended is CampaignState.CANCELLED


async def test_a_cancel_that_was_killed_half_way_is_gone_on_with(
    tmp_path: Path, sqlite_database_url: str
) -> None:
    with begin("bland", tmp_path, sqlite_database_url, people=6) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            now = runtime.clock.now()
            await runtime.ledger.run(
                cancelling.ask, campaign_id, actor="ops", reason="wrong list", now=now
            )
        async with world.runtime() as runtime, lend(runtime):
            await swept(seconds=0)
            (batch_id,) = await runtime.ledger.run(batches.unfinished, campaign_id)
            batch = await runtime.ledger.run(batches.get, batch_id)
            counted = await driver.balance(runtime, campaign_id)

    assert batch.stop_asked_at is not None
    assert counted.skipped == 3
