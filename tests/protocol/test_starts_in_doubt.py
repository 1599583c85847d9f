"""A start whose answer was lost: its telephones may ring, whatever becomes of the campaign."""

from datetime import timedelta
from pathlib import Path

from campaign.states import AttemptState, CampaignState
from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.faults.timing import LateEffect
from store import campaigns
from store.batches import views as batches
from store.batches.views import BatchView
from tasks.steps import planning
from tasks.steps.resting import resting
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver, rest
from tests.protocol.invariants import violations
from tests.protocol.world import World, begin

ANSWER_LOST = [Rule(routes=["start"], fault=Close(when="after"))]


async def begin_in_doubt(world: World, runtime: Runtime) -> str:
    """Hand one batch over whose start is in doubt; returns the campaign's id."""
    world.storm(ANSWER_LOST)
    campaign_id = await driver.begin_calling(runtime, world.file)
    world.calm()
    return campaign_id


async def run_of(runtime: Runtime, campaign_id: str) -> timedelta:
    """Run the campaign as a terminal does, and tell how long that takes."""
    begun_at = runtime.clock.now()
    await driver.drive(runtime, campaign_id)
    return runtime.clock.now() - begun_at


async def pause(runtime: Runtime, campaign_id: str) -> None:
    now = runtime.clock.now()
    await runtime.ledger.run(campaigns.set_state, campaign_id, CampaignState.PAUSED, "wait", now)


async def go_on(runtime: Runtime, campaign_id: str) -> None:
    now = runtime.clock.now()
    await runtime.ledger.run(campaigns.set_state, campaign_id, CampaignState.RUNNING, "", now)
    await driver.drive(runtime, campaign_id)


async def steps(runtime: Runtime, batch_id: str, length: timedelta) -> BatchView:
    """Do what is due of a batch for so long."""
    end = runtime.clock.now() + length
    while runtime.clock.now() < end:
        await driver.one_step(runtime, batch_id)
        batch = await runtime.ledger.run(batches.get, batch_id)
        pause = timedelta(minutes=1)
        if batch.due_at is not None:
            pause = max(pause, batch.due_at - runtime.clock.now())
        await runtime.clock.sleep(pause)
    return await runtime.ledger.run(batches.get, batch_id)


async def test_a_cancellation_ends_with_all_that_rang(tmp_path: Path, sqlite_ledger: str) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await begin_in_doubt(world, runtime)
            ended, took = await driver.cancel_to_the_end(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert violations(case) == []
    assert ended is CampaignState.CANCELLED
    assert took < timedelta(hours=1)


async def test_a_pause_lets_the_results_come_home_and_starts_nothing(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await begin_in_doubt(world, runtime)
            await pause(runtime, campaign_id)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            await steps(runtime, batch_id, timedelta(hours=1))
            counted = await runtime.ledger.run(batches.tally, batch_id)
            starts = [one.route for one in world.simulator.stage.world.ledger.requests]
            await go_on(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert counted.submitted == 0
    assert starts.count("start") == 1
    assert violations(case) == []


async def test_a_run_comes_to_its_end_though_the_start_was_refused(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=Status(status=403))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            took = await run_of(runtime, campaign_id)
            stopped = await runtime.ledger.run(campaigns.get, campaign_id)
            world.calm()
            await go_on(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert stopped.state is CampaignState.NEEDS_ATTENTION
    assert took < timedelta(minutes=10)
    assert violations(case) == []
    assert len(case.provider.rings) == 3


async def test_nobody_is_held_for_a_start_that_waits_for_the_campaign_to_go_on(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=Close(when="before"))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            world.calm()
            await pause(runtime, campaign_id)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            await steps(runtime, batch_id, timedelta(hours=26))
            counted = await runtime.ledger.run(batches.tally, batch_id)
            await go_on(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert counted.held == 0
    assert violations(case) == []
    assert {one.state for one in case.books.attempts} == {AttemptState.DONE}


async def test_a_paused_campaign_is_not_left_while_a_lost_start_may_take_effect(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=LateEffect(seconds=180))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await pause(runtime, campaign_id)
            took = await run_of(runtime, campaign_id)
            counted = await driver.balance(runtime, campaign_id)
            await go_on(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert counted.open == 0
    assert took < timedelta(hours=1)
    assert {one.state for one in case.books.attempts} == {AttemptState.DONE}
    assert violations(case) == []


async def test_a_paused_campaign_is_left_soon_after_a_lost_start_that_had_no_effect(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=Close(when="before"))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            world.calm()
            await pause(runtime, campaign_id)
            took = await run_of(runtime, campaign_id)

    assert timedelta(minutes=25) < took < timedelta(hours=1)


async def test_what_rests_is_taken_again_once_its_campaign_can_be_gone_on_with(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=Status(status=403))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await driver.drive(runtime, campaign_id)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)

            async def rests() -> bool:
                return bool(await resting(runtime, campaign_id, [batch_id]))

            stopped = await rests()
            now = runtime.clock.now()
            await runtime.ledger.run(
                campaigns.set_state, campaign_id, CampaignState.RUNNING, "", now
            )
            resumed = await rests()
            await driver.cancel(runtime, campaign_id)
            cancelled = await rests()

    assert stopped
    assert not resumed
    assert not cancelled
