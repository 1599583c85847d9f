"""What a provider took twice, or took after all: stopped inside its guard, told, and collected."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from campaign.states import CampaignState, SubmissionState
from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.faults.timing import ListingLag
from store import campaigns, suppressions
from store.batches import views as batches
from store.database.columns import table_of
from store.decisions import holding
from store.decisions.holding import Decider
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from store.tables import Attempt, Call
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver
from tests.protocol.world import World, begin

ANN = Decider(actor="Ann", reason="their support has looked")
PEOPLE = 3
LAG = Rule(routes=["list", "page"], fault=ListingLag(seconds=3600))
LOST = [Rule(routes=["submit"], count=1, fault=Close(when="after")), LAG]
REFUSED = [Rule(routes=["submit"], count=1, fault=Status(status=400)), LAG]
BATCHED: dict[str, Any] = {"concurrency": 400, "batch_size": 3, "start_guard": "4h"}
ONCE = {"calling_windows": "any_hour", "max_attempts": 1}


@asynccontextmanager
async def held(world: World) -> AsyncGenerator[tuple[Runtime, str, str, list[str]]]:
    """A runner, a campaign, its batch, and the tags of what it sent and cannot find."""
    world.storm(LOST)
    async with world.runtime() as runtime, lend(runtime):
        campaign_id = await driver.enroll(runtime, world.file)
        (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
        for _ in range(60):
            await driver.one_step(runtime, batch_id)
            of_batch = await of(runtime, batch_id)
            tags = [one.tag for one in of_batch if one.state is SubmissionState.HELD]
            if tags:
                yield runtime, campaign_id, batch_id, tags
                return
            await runtime.clock.sleep(timedelta(seconds=30))
        raise AssertionError("nothing is held")


async def of(runtime: Runtime, batch_id: str) -> list[SubmissionView]:
    return await runtime.ledger.run(submissions.of_batch, batch_id)


async def sent_twice(world: World, runtime: Runtime, batch_id: str, tag: str) -> None:
    """A person vouches wrongly that the provider has none, and the second request is answered."""
    assert await runtime.ledger.run(holding.confirm_not_placed, tag, ANN, runtime.clock.now())
    await driver.one_step(runtime, batch_id)
    assert {one.state for one in await of(runtime, batch_id)} == {SubmissionState.ACCEPTED}
    await runtime.clock.sleep(timedelta(minutes=90))
    world.calm()


async def refused(world: World, runtime: Runtime, batch_id: str, tag: str) -> None:
    """A person vouches wrongly that the provider has none, and the second request is refused."""
    assert await runtime.ledger.run(holding.confirm_not_placed, tag, ANN, runtime.clock.now())
    world.storm(REFUSED)
    await driver.one_step(runtime, batch_id)
    states = {one.tag: one.state for one in await of(runtime, batch_id)}
    assert states[tag] is SubmissionState.REJECTED


async def move_on(runtime: Runtime, campaign_id: str) -> None:
    """A person lets the campaign go on, and the people of what was refused are sent anew."""
    said = CampaignState.RUNNING, "", runtime.clock.now()
    await runtime.ledger.run(campaigns.set_state, campaign_id, *said)
    for batch_id in await planning.plan_wave(runtime, campaign_id, 1, policy_of):
        await driver.one_step(runtime, batch_id)
        assert {one.state for one in await of(runtime, batch_id)} == {SubmissionState.ACCEPTED}


async def listed_at_last(world: World, runtime: Runtime) -> None:
    """The provider shows what it has, and the sweeper comes by."""
    await runtime.clock.sleep(timedelta(minutes=70))
    world.calm()
    await driver.come_back_later(runtime, timedelta(minutes=30))


async def to_the_end(runtime: Runtime, campaign_id: str) -> None:
    await driver.drive(runtime, campaign_id, 10)
    await driver.come_back_later(runtime, timedelta(days=4))


def rings(world: World) -> Counter[str]:
    return Counter(ring.call.number for ring in world.simulator.stage.world.ledger.rings)


def stored(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(table_of(Call))).scalar_one()


def numbers(db: Connection, tag: str) -> list[str]:
    attempt = table_of(Attempt).c
    return list(db.scalars(select(attempt.phone_number).where(attempt.tag == tag)))


def kinds(db: Connection) -> set[str]:
    return set(db.scalars(text("SELECT kind FROM incident")))


@pytest.mark.parametrize("api", ["bland", "vapi", "vapi-call"])
async def test_a_second_acceptance_under_one_tag_is_stopped_inside_its_guard(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=BATCHED) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await sent_twice(world, runtime, batch_id, tag)
            await to_the_end(runtime, campaign_id)
            told = await runtime.ledger.run(kinds)

    assert set(rings(world).values()) == {1}
    assert len(rings(world)) == PEOPLE
    assert "duplicate_submission" in told


async def test_a_second_acceptance_waits_in_vain_if_the_first_has_begun_to_dial(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    limits = BATCHED | {"start_guard": "70m"}
    with begin("vapi", tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=limits) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await runtime.clock.sleep(timedelta(minutes=65))
            assert await runtime.ledger.run(
                holding.confirm_not_placed, tag, ANN, runtime.clock.now()
            )
            world.storm([Rule(routes=["list", "page"], fault=ListingLag(seconds=300))])
            await driver.one_step(runtime, batch_id)
            world.calm()
            await to_the_end(runtime, campaign_id)

    assert set(rings(world).values()) == {1}


async def test_a_stop_of_a_second_acceptance_is_tried_again_until_it_is_taken(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(
        "bland", tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=BATCHED
    ) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await sent_twice(world, runtime, batch_id, tag)
            world.storm([Rule(routes=["cancel"], count=3, fault=Status(status=503))])
            await to_the_end(runtime, campaign_id)

    assert set(rings(world).values()) == {1}


async def test_the_calls_of_a_second_acceptance_that_rang_are_kept(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    limits = BATCHED | {"start_guard": "0s"}
    with begin(
        "bland", tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=limits
    ) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await sent_twice(world, runtime, batch_id, tag)
            await to_the_end(runtime, campaign_id)
            kept, told = await runtime.ledger.run(stored), await runtime.ledger.run(kinds)

    assert rings(world).total() == 2 * PEOPLE
    assert kept == 2 * PEOPLE
    assert "duplicate_submission" in told


@pytest.mark.parametrize("api", ["bland", "vocode"])
async def test_what_was_given_up_and_turns_up_all_the_same_is_kept(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    limits = BATCHED | {"start_guard": "0s"}
    with begin(api, tmp_path, sqlite_ledger, people=1, policy=ONCE, limits=limits) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            assert await runtime.ledger.run(holding.abandon, tag, ANN, runtime.clock.now())
            await to_the_end(runtime, campaign_id)
            kept = await runtime.ledger.run(stored)
            batch = await runtime.ledger.run(batches.get, batch_id)

    assert rings(world).total() == 1
    assert kept == 1
    assert batch.state.over


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("api", ["bland", "vapi", "vapi-call"])
async def test_what_was_given_up_is_stopped_if_it_turns_up_inside_its_guard(
    api: str, tmp_path: Path, sqlite_ledger: str, *, cancelled: bool
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=1, policy=ONCE, limits=BATCHED) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            assert await runtime.ledger.run(holding.abandon, tag, ANN, runtime.clock.now())
            if cancelled:
                await driver.cancel(runtime, campaign_id)
            await listed_at_last(world, runtime)
            told = await runtime.ledger.run(kinds)
            await to_the_end(runtime, campaign_id)
            batch = await runtime.ledger.run(batches.get, batch_id)

    assert rings(world).total() == 0
    assert "duplicate_submission" in told
    assert batch.state.over


@pytest.mark.parametrize(
    "api, moved_on",
    [
        ("bland", False),
        ("bland", True),
        ("vapi-call", False),
        ("vapi-call", True),
        # A campaign that is stopped says "failed" of whom it never dialled, so only what was moved
        # on is sure to be called.
        ("vapi", True),
    ],
)
async def test_a_first_request_is_stopped_inside_its_guard_though_the_second_was_refused(
    api: str, tmp_path: Path, sqlite_ledger: str, *, moved_on: bool
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=BATCHED) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await refused(world, runtime, batch_id, tag)
            if moved_on:
                await move_on(runtime, campaign_id)
            await listed_at_last(world, runtime)
            told = await runtime.ledger.run(kinds)
            await to_the_end(runtime, campaign_id)
            batch = await runtime.ledger.run(batches.get, batch_id)

    assert set(rings(world).values()) == {1}
    assert len(rings(world)) == PEOPLE
    assert "duplicate_submission" in told
    assert batch.state.over


async def test_a_stop_of_what_was_refused_the_second_time_is_tried_again_until_it_is_taken(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(
        "bland", tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=BATCHED
    ) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await refused(world, runtime, batch_id, tag)
            await runtime.clock.sleep(timedelta(minutes=70))
            world.storm([Rule(routes=["cancel"], count=3, fault=Status(status=503))])
            await driver.come_back_later(runtime, timedelta(minutes=30))
            await to_the_end(runtime, campaign_id)

    assert set(rings(world).values()) == {1}


@pytest.mark.parametrize("api", ["bland", "vapi-call", "vocode"])
async def test_the_calls_of_a_first_request_are_kept_though_the_second_was_refused(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    limits = BATCHED | {"start_guard": "0s"}
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=limits) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            twice = await runtime.ledger.run(numbers, tag)
            await refused(world, runtime, batch_id, tag)
            await move_on(runtime, campaign_id)
            await listed_at_last(world, runtime)
            await to_the_end(runtime, campaign_id)
            kept, told = await runtime.ledger.run(stored), await runtime.ledger.run(kinds)

    assert rings(world) == Counter(rings(world).keys()) + Counter(twice)
    assert kept == PEOPLE + len(twice)
    assert told


@pytest.mark.parametrize("api", ["bland", "vapi", "vapi-call"])
async def test_a_first_request_rings_nobody_whom_a_second_may_not_call_any_more(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, policy=ONCE, limits=BATCHED) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            people, now = await runtime.ledger.run(numbers, tag), runtime.clock.now()
            assert await runtime.ledger.run(holding.confirm_not_placed, tag, ANN, now)
            await runtime.ledger.run(suppressions.add, people, reason="", source="", now=now)
            await driver.one_step(runtime, batch_id)
            given_up = {one.tag: one.state for one in await of(runtime, batch_id)}[tag]
            await listed_at_last(world, runtime)
            await to_the_end(runtime, campaign_id)
            told = await runtime.ledger.run(kinds)

    assert given_up is SubmissionState.ABANDONED
    assert rings(world).keys().isdisjoint(people)
    assert "duplicate_submission" in told


@pytest.mark.parametrize("over", [True, False])
async def test_a_call_of_the_first_request_decides_what_was_to_be_sent_again(
    tmp_path: Path, sqlite_ledger: str, *, over: bool
) -> None:
    # A call that is only scheduled yet is listed, too.
    guard = "0s" if over else "4h"
    limits = {"concurrency": 10, "batch_size": 2, "start_guard": guard}
    with begin("vapi-call", tmp_path, sqlite_ledger, people=2, policy=ONCE, limits=limits) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            paused = CampaignState.PAUSED, "", runtime.clock.now()
            await runtime.ledger.run(campaigns.set_state, campaign_id, *paused)
            now = runtime.clock.now()
            assert await runtime.ledger.run(holding.confirm_not_placed, tag, ANN, now)
            await listed_at_last(world, runtime)
            running = CampaignState.RUNNING, "", runtime.clock.now()
            await runtime.ledger.run(campaigns.set_state, campaign_id, *running)
            await to_the_end(runtime, campaign_id)
            states = {one.state for one in await of(runtime, batch_id)}
            batch = await runtime.ledger.run(batches.get, batch_id)
            told = await runtime.ledger.run(kinds)

    assert rings(world).total() == 2
    assert states == {SubmissionState.ACCEPTED}
    assert batch.state.over
    assert told == set()
