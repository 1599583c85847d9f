"""What keeps a runner from sending at all: an old ledger, a wrong clock, a full provider."""

import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from campaign.states import CampaignState
from simulator.faults.rules import Rule
from simulator.faults.status import DateHeader, Status
from simulator.settings import SimulatorSettings
from store import campaigns
from store.batches import views as batches
from store.ledger import Ledger
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver, rest
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.truth import provider_of
from tests.protocol.world import World, begin

AGENT = "0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10"


def rings(world: World) -> int:
    return len(provider_of(world.simulator.stage).rings)


def state_of(world: World, campaign_id: str) -> CampaignState:
    with Ledger.open(world.place.database_url) as ledger:
        return ledger.run_sync(campaigns.get, campaign_id).state


async def test_nothing_is_sent_while_the_clocks_differ(tmp_path: Path, sqlite_ledger: str) -> None:
    ahead = Rule(count=8, fault=DateHeader(seconds=300))
    with begin("vapi", tmp_path, sqlite_ledger) as world:
        world.storm([ahead])
        case = await rest.to_the_end(world)

    submits = [one for one in case.provider.requests if one.route == "submit"]
    assert submits
    assert not any(one.faults for one in submits)
    assert violations(case) == []


async def tried_for(runtime: Runtime, world: World, how_long: timedelta) -> str:
    """Go on with a campaign that nothing can be sent for; returns why it asks for a person."""
    campaign_id = await driver.enroll(runtime, world.file)
    (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
    return await asked_until_told(runtime, batch_id, how_long)


async def asked_until_told(runtime: Runtime, batch_id: str, how_long: timedelta) -> str:
    """Go on with a batch until a person is told; returns what."""
    batch = await runtime.ledger.run(batches.get, batch_id)
    end = runtime.clock.now() + how_long
    while runtime.clock.now() < end:
        await driver.one_step(runtime, batch_id)
        batch = await runtime.ledger.run(batches.get, batch_id)
        if batch.campaign_state is not CampaignState.RUNNING or batch.due_at is None:
            break
        await runtime.clock.sleep(max(batch.due_at - runtime.clock.now(), timedelta(seconds=1)))
    ended = await runtime.ledger.run(campaigns.get, batch.campaign_id)
    return ended.state_reason if ended.state is CampaignState.NEEDS_ATTENTION else ""


@pytest.mark.parametrize("api", ["bland", "vapi-call"])
async def test_a_clock_that_stays_wrong_is_asked_about_less_and_less_and_told_to_a_person(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(fault=DateHeader(seconds=300))])
        async with world.runtime() as runtime, lend(runtime):
            why = await tried_for(runtime, world, timedelta(hours=2))
        moments = [one.at for one in world.simulator.stage.world.ledger.requests]

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert "the clock here and the provider's differ by" in why
    assert "set the clock" in why
    assert len(moments) < 25
    assert max(pauses) > 20 * min(pauses)


async def test_a_disk_that_stays_full_is_told_to_a_person(
    tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=7 * 1024 * 1024)

    def usage(_folder: Path) -> object:
        return full

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        async with world.runtime() as runtime, lend(runtime):
            why = await tried_for(runtime, world, timedelta(hours=2))
        rung = rings(world)

    assert "7 MB left" in why
    assert "make room" in why
    assert rung == 0


async def test_a_refusal_for_an_hour_is_heeded_by_all_batches_of_the_account(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    huge = Rule(routes=["submit"], count=1, fault=Status(status=429, retry_after="huge"))
    with begin("vapi", tmp_path, sqlite_ledger) as world:
        world.storm([huge])
        case = await rest.to_the_end(world)

    refused, first, *_ = [one.at for one in case.provider.requests if one.route == "submit"]
    asked_between = [one for one in case.provider.requests if refused < one.at < first - 1]
    assert timedelta(seconds=first - refused) > timedelta(minutes=59)
    assert asked_between == []
    assert violations(case) == []


async def test_a_guard_that_cannot_be_asked_is_asked_a_little_later_each_time(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["list"], count=5, fault=Status(status=503))])
        case = await rest.to_the_end(world)

    moments = [one.at for one in case.provider.requests if one.faults]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert len(pauses) == 4
    assert pauses == sorted(pauses)
    assert pauses[-1] > 5 * pauses[0]
    assert violations(case) == []


async def test_without_a_free_line_calls_wait_and_results_are_collected_meanwhile(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    full = SimulatorSettings.model_validate({"vapi": {"over_capacity": "refuse", "lines": 2}})
    with begin("vapi-call", tmp_path, sqlite_ledger, settings=full) as world:
        case = await rest.to_the_end(world)

    refused = [one for one in case.provider.requests if one.status == 400]
    assert refused
    assert len(case.provider.rings) == 6
    assert violations(case) == []


async def test_a_guard_is_asked_once_in_the_life_of_a_runner(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger) as world:
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file)

        assert world.reached.count("got tags") == 1


async def test_a_guard_that_cannot_be_asked_before_a_start_is_asked_a_little_later_each_time(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], fault=Status(status=429))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            await driver.one_step(runtime, batch_id)
        world.storm([Rule(routes=["list"], fault=Status(status=503))])
        async with world.runtime() as runtime, lend(runtime):
            begun_at = runtime.clock.now()
            why = await asked_until_told(runtime, batch_id, timedelta(hours=6))
            took = runtime.clock.now() - begun_at
            failures = (await runtime.ledger.run(batches.get, batch_id)).failures

    assert "could not be asked what it has" in why
    assert took > timedelta(hours=1)
    assert failures == 0, "after `outdial resume` it is told at once"


async def test_a_job_that_shows_before_it_is_created_anew_is_adopted(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger) as world:
        world.storm(scenarios("vogent")["lost submit, list: lag of an hour"].rules)
        case = await rest.to_the_end(world)

    jobs = [one for one in case.provider.requests if one.route == "submit"]
    assert len(jobs) == len({one.tag for one in case.books.submissions})
    assert violations(case) == []
