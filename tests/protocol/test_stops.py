"""What is cancelled comes to an end, and what turns up afterwards is stopped, too."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.states import CampaignState, SubmissionState
from simulator.faults.connection import Close
from simulator.faults.paging import WrongTotal
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.faults.timing import LateEffect, ListingLag
from store.batches import advancing
from store.batches import views as batches
from store.decisions import holding
from store.decisions.holding import Decider
from store.submissions import views as submissions
from tasks.registry import tasks_of
from tasks.steps import planning
from tasks.steps.advancing import advance
from tasks.steps.agenda import Verb
from tasks.steps.runtime import Runtime, lend
from tests.flows.campaigns import APIS
from tests.protocol import driver, rest
from tests.protocol.invariants import violations
from tests.protocol.world import World, begin

ANN = Decider(actor="ann", reason="their support has looked")
FEW_LINES = {"concurrency": 2, "batch_size": 6, "start_guard": "0s"}
GUARDED = {"concurrency": 400, "batch_size": 3, "start_guard": "5m"}
PATIENT = {"min": "5s", "max": "5m", "settle": "2m"}


@pytest.mark.parametrize("api", APIS)
async def test_a_cancelled_campaign_ends_soon_with_all_that_rang(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=6, limits=FEW_LINES) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await runtime.clock.sleep(timedelta(seconds=10))
            ended, took = await driver.cancel_to_the_end(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    assert violations(case) == []
    assert ended is CampaignState.CANCELLED
    assert took < timedelta(hours=1)


async def test_a_cancellation_ends_though_the_provider_speaks_of_more_calls_than_it_shows(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(fault=WrongTotal(by=1))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await runtime.clock.sleep(timedelta(seconds=10))
            ended, took = await driver.cancel_to_the_end(runtime, campaign_id)

    assert ended is CampaignState.CANCELLED
    assert took < timedelta(hours=2)


@pytest.mark.parametrize("api", ["vogent", "bland"])
async def test_whoever_was_rung_before_the_stop_is_not_rung_again_after_a_failed_look(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    unreadable = [Rule(routes=["page", "list", "status", "detail"], fault=Status(status=503))]
    with begin(api, tmp_path, sqlite_ledger, people=6, limits=FEW_LINES) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await runtime.clock.sleep(timedelta(minutes=1))
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            await runtime.ledger.run(advancing.ask_stop_of, batch_id, runtime.clock.now())
            await driver.one_step(runtime, batch_id)
            # Its laptop is closed meanwhile.
            await runtime.clock.sleep(timedelta(hours=25))
            world.storm(unreadable)
            await driver.one_step(runtime, batch_id)
            world.calm()
            await driver.drive(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    rung = Counter(ring.call.number for ring in case.provider.rings)
    assert violations(case) == []
    assert sorted(rung.values()) == [1] * 6


async def test_what_is_to_be_sent_again_after_a_stop_goes_to_another_batch(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=3, limits=FEW_LINES) as world:
        world.storm([Rule(routes=["submit"], fault=Close(when="before"))])
        async with world.runtime() as runtime, lend(runtime):
            ledger, now = runtime.ledger, runtime.clock.now
            campaign_id = await driver.begin_calling(runtime, world.file)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            await driver.drive(runtime, campaign_id)
            world.calm()
            (held,) = await ledger.run(submissions.of_batch, batch_id, (SubmissionState.HELD,))
            await ledger.run(advancing.ask_stop_of, batch_id, now())
            await driver.one_step(runtime, batch_id)
            assert await ledger.run(holding.confirm_not_placed, held.tag, ANN, now())
            await driver.drive(runtime, campaign_id, resumes=1)
        case = await rest.after_the_storm(world)

    assert violations(case) == []
    assert len({ring.call.number for ring in case.provider.rings}) == 3
    assert len(case.provider.rings) == 3


async def test_a_stop_that_is_asked_in_the_middle_of_a_step_comes_right_after_it(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=6, limits=FEW_LINES) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            tasks = tasks_of("bland")

            async def do(verb: Verb) -> None:
                await getattr(tasks, verb).fn(batch_id)
                if verb is Verb.COLLECT:
                    await driver.cancel(runtime, campaign_id)

            batch = await runtime.ledger.run(batches.get, batch_id)
            while batch.stop_asked_at is None:
                assert batch.due_at is not None
                await runtime.clock.sleep(batch.due_at - runtime.clock.now())
                await advance(runtime, batch_id, tasks.POLICY, do)
                batch = await runtime.ledger.run(batches.get, batch_id)
            at_once = batch.due_at is not None and batch.due_at <= runtime.clock.now()
            await driver.one_step(runtime, batch_id)
            stopped = await runtime.ledger.run(batches.get, batch_id)

    assert at_once
    assert stopped.stopped_at is not None


@pytest.mark.parametrize("api", ["bland", "bland-v1", "vapi"])
async def test_a_doubt_that_turns_up_after_a_cancellation_is_stopped(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=3, limits=FEW_LINES) as world:
        world.storm([Rule(routes=["submit"], fault=LateEffect(seconds=4000))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            await driver.drive(runtime, campaign_id)
            await driver.cancel(runtime, campaign_id)
        case = await rest.after_the_storm(world)

    stops = [one for one in case.provider.requests if one.route == "cancel"]
    assert [one.state for one in case.books.submissions] == [SubmissionState.ACCEPTED]
    assert len(stops) == 1


async def cancelled_in_doubt(world: World, runtime: Runtime) -> tuple[str, str]:
    """Cancel a campaign whose one batch was never answered; returns its id and the batch's."""
    campaign_id = await driver.begin_calling(runtime, world.file)
    (batch_id,) = await planning.unfinished(runtime, campaign_id)
    for seconds in (10, 20, 30):
        await runtime.clock.sleep(timedelta(seconds=seconds))
        await driver.one_step(runtime, batch_id)
    await driver.cancel(runtime, campaign_id)
    return campaign_id, batch_id


def unanswered(lag: int) -> list[Rule]:
    """The answer to the submit is lost, and lists show it so many seconds later."""
    return [
        Rule(routes=["submit"], count=1, fault=Close(when="after")),
        Rule(routes=["list", "page"], fault=ListingLag(seconds=lag)),
    ]


@pytest.mark.parametrize("api", ["bland", "vapi", "vapi-call"])
async def test_a_doubt_that_is_found_inside_its_guard_after_a_cancellation_rings_nobody(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=3, limits=GUARDED, polling=PATIENT) as world:
        world.storm(unanswered(lag=150))
        async with world.runtime() as runtime, lend(runtime):
            campaign_id, _ = await cancelled_in_doubt(world, runtime)
            await driver.drive(runtime, campaign_id)
            await driver.come_back_later(runtime)

    assert world.simulator.stage.world.ledger.rings == []


async def test_a_stop_that_failed_waits_although_a_doubt_was_found_beside_it(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vapi-call", tmp_path, sqlite_ledger, people=3, limits=GUARDED) as world:
        world.storm([Rule(routes=["submit"], count=1, fault=Close(when="after"))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.begin_calling(runtime, world.file)
            (batch_id,) = await planning.unfinished(runtime, campaign_id)
            await driver.cancel(runtime, campaign_id)
            await runtime.clock.sleep(timedelta(seconds=10))
            world.storm([Rule(routes=["cancel", "detail"], fault=Status(status=503))])
            step = await driver.one_step(runtime, batch_id)
            failed = await runtime.ledger.run(batches.get, batch_id)
            again_at, now = failed.due_at, runtime.clock.now()
            states = {one.state for one in await runtime.ledger.run(submissions.of_batch, batch_id)}
            world.calm()
            await driver.drive(runtime, campaign_id)
            await driver.come_back_later(runtime)

    assert step.verbs == (Verb.STOP, Verb.FIND)
    assert states == {SubmissionState.ACCEPTED}
    assert again_at is not None
    assert again_at - now > timedelta(seconds=4)
    assert world.simulator.stage.world.ledger.rings == []
