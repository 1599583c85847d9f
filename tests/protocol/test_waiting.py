"""Between two looks nothing is done: no busy loop, whatever is waited for."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.faults.timing import ListingLag
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.advancing import look_after
from tasks.steps.agenda import Agenda
from tasks.steps.runtime import lend
from tests.protocol import driver
from tests.protocol.world import begin

LOST = [
    Rule(routes=["submit"], fault=Close(when="after")),
    Rule(routes=["list", "page"], fault=ListingLag(seconds=20_000)),
]


async def test_a_batch_in_doubt_is_left_alone_between_two_look_ups(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    looks = 0
    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        world.storm(LOST)
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            begun = runtime.clock.now()

            async def once() -> Agenda:
                nonlocal looks
                looks += 1
                return await driver.one_step(runtime, batch_id)

            await look_after(runtime, once)
            took = runtime.clock.now() - begun

    assert took > timedelta(minutes=10)
    assert looks < took / timedelta(seconds=20)


async def test_a_start_that_fails_is_tried_again_a_little_later_each_time(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["start"], count=5, fault=Status(status=503))])
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file)
        moments = [one.at for one in world.simulator.stage.world.ledger.requests if one.dials]

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 10 * pauses[0]


async def test_a_refusal_for_now_is_tried_again_a_little_later_each_time(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["submit"], count=5, fault=Status(status=429))])
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file)
        requests = world.simulator.stage.world.ledger.requests
        moments = [one.at for one in requests if one.route == "submit"]

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 10 * pauses[0]


async def test_calls_that_are_over_are_looked_at_ever_less_while_something_beside_is_in_doubt(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vocode", tmp_path, sqlite_ledger, people=3) as world:
        world.storm([Rule(routes=["submit"], nth=[2], fault=Close(when="before"))])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            begun = runtime.clock.now()
            await look_after(runtime, lambda: driver.one_step(runtime, batch_id))
            took = runtime.clock.now() - begun
        requests = world.simulator.stage.world.ledger.requests

    assert took > timedelta(minutes=10)
    assert len(requests) < took / timedelta(seconds=20)
