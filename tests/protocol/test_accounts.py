"""Several runners and campaigns on one account, judged from the simulator's ledger."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.dialect import RouteClass
from simulator.dialects.vapi.settings import VapiSettings
from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import RetryAfter, Status
from simulator.ledger import Ring
from simulator.settings import SimulatorSettings
from tasks.steps.runtime import lend
from tests.flows.campaigns import campaign, write_list
from tests.proofs import at_length
from tests.protocol import driver
from tests.protocol.wire import Wire
from tests.protocol.world import World, begin

TOLD: dict[RetryAfter, float] = {
    "none": 1,
    "zero": 1,
    "garbage": 1,
    "past": 1,
    "seconds": 90,
    "date": 89,
    "huge": 3600,
}
"""How long an account is left alone at least, seconds."""
PEOPLE = 6
"""Of each campaign."""
POLLING = {"min": "20s", "max": "10m", "settle": "1m"}
MINUTE = 60.0


def spec(**said: Any) -> dict[str, Any]:
    limits = {"concurrency": 400, "batch_size": 3, "start_guard": "0s"} | said
    return {"limits": limits, "polling": POLLING}


async def run_two(world: World, **changes: Any) -> None:
    """Run two campaigns on one account, each by a runner of its own that knows only the ledger."""
    folder = world.file.parent
    write_list(folder, PEOPLE, "others.csv", skip=PEOPLE)
    people = {"source": "others.csv", "country": "US"}
    others = campaign(world.api, "others", recipients=people, **changes)
    second = folder / "others.yaml"
    second.write_text(others.model_dump_json(exclude_defaults=True))
    wires = [world.wire, another(world)]
    async with AsyncExitStack() as stack:
        crew = [
            await stack.enter_async_context(world.place.runtime(wire.connect)) for wire in wires
        ]
        campaigns = list[str]()
        for runtime, file in zip(crew, (world.file, second), strict=True):
            async with lend(runtime):
                campaigns.append(await driver.enroll(runtime, file))
        await driver.drive_all(list(zip(crew, campaigns, strict=True)))


def another(world: World) -> Wire:
    """A wire that shares nothing in memory with the first."""
    wire = world.place.wire()
    wire.concurrency = world.wire.concurrency
    return wire


def rings(world: World) -> Sequence[Ring]:
    world.simulator.stage.world.network.advance()
    return world.simulator.stage.world.ledger.rings


def most_in_a_minute(moments: Sequence[float]) -> int:
    return max(sum(one <= other < one + MINUTE for other in moments) for one in moments)


@pytest.mark.parametrize(
    "route, told",
    [
        *(("submit", told) for told in TOLD),
        *((route, "seconds") for route in ("start", "status", "page")),
    ],
)
async def test_while_an_account_is_to_be_left_alone_no_runner_asks_it_anything(
    route: RouteClass, told: RetryAfter, tmp_path: Path, sqlite_ledger: str
) -> None:
    fault = Status(status=429, retry_after=told, retry_after_seconds=90)
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **spec()) as world:
        world.storm([Rule(routes=[route], nth=[2, 3], fault=fault)])
        await run_two(world, **spec())
        requests = world.simulator.stage.world.ledger.requests
        rung = {ring.call.number for ring in rings(world)}

    gaps = [after.at - refused.at for refused, after in pairwise(requests) if refused.status == 429]
    assert len(gaps) == 2
    assert min(gaps) >= TOLD[told]
    assert len(rung) == 2 * PEOPLE


async def test_without_a_free_line_nobody_dials_and_results_still_come_home(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    settings = SimulatorSettings(vapi=VapiSettings(lines=2, over_capacity="refuse"))
    with begin(
        "vapi-call", tmp_path, sqlite_ledger, people=PEOPLE, **spec(), settings=settings
    ) as world:
        await run_two(world, **spec())
        requests = world.simulator.stage.world.ledger.requests
        rung = [ring.call.number for ring in rings(world)]

    refused = [one for one in requests if one.status == 400 and one.dials]
    assert refused
    for one in refused:
        meanwhile = [other for other in requests if one.at < other.at < one.at + 10]
        assert not [other for other in meanwhile if other.dials and other.applied_at]
    assert sorted(rung) == sorted(set(rung))
    assert len(rung) == 2 * PEOPLE


STORM = [
    Rule(routes=["submit"], probability=0.15, fault=Status(status=429)),
    Rule(routes=["submit", "start"], probability=0.15, fault=Close(when="before")),
    Rule(routes=["submit", "start"], probability=0.15, fault=Close(when="after")),
]


@pytest.mark.parametrize(
    "api", at_length(["vocode", "vogent", "happyrobot", "bland", "vapi"], quick=2)
)
async def test_no_minute_holds_more_rings_than_calls_per_minute_over_all_campaigns(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    most = spec(calls_per_minute=3, open_batches=4)
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, **most) as world:
        world.storm(STORM, seed=1)
        await run_two(world, **most)
        moments = [ring.rang_at for ring in rings(world)]

    assert most_in_a_minute(moments) <= 3
    assert max(moments) - min(moments) < 30 * MINUTE
    assert len(moments) > PEOPLE


@pytest.mark.parametrize("api", at_length(["vogent", "happyrobot", "vocode", "bland"]))
async def test_no_more_calls_are_live_than_the_owner_of_the_account_allows(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=PEOPLE, **spec()) as world:
        world.wire.concurrency = 2
        await run_two(world, **spec())
        calls = [ring.call for ring in rings(world)]

    live = [
        sum(
            other.rang_at is not None
            and other.over_at is not None
            and one.rang_at is not None
            and other.rang_at <= one.rang_at < other.over_at
            for other in calls
        )
        for one in calls
    ]
    assert len(calls) == 2 * PEOPLE
    assert max(live) <= 2
