"""A runner may be killed anywhere, once or twice: the next one goes on as if nothing had happened.

A selection; `make torture` goes through the whole table.
"""

import random
from pathlib import Path

import pytest

from tests.protocol import rest
from tests.protocol.certain import sure
from tests.protocol.crashes import CRASH_TABLE, PLAIN
from tests.protocol.elsewhere import another_host, lease_runs_out
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.killing import run_and_kill
from tests.protocol.outcomes import CALM
from tests.protocol.trials import Trial, choose, everything
from tests.protocol.world import begin

SEED = 20261122
SINGLE, DOUBLE = 8, 2


def selection(count: int, seed: int) -> list[tuple[str, str]]:
    """Some points, each with one of the APIs that come by, the same in every run."""
    chance = random.Random(seed)
    points = chance.sample(list(CRASH_TABLE), count)
    return [(chance.choice(CRASH_TABLE[name].apis), name) for name in points]


def doubles(count: int) -> list[Trial]:
    """Some trials with two kills, the same in every run."""
    return choose([one for one in everything(SEED) if len(one.kills) > 1], (), count, SEED)


@pytest.mark.parametrize("api, name", selection(SINGLE, SEED))
async def test_a_runner_that_is_killed_leaves_nothing_undone_and_nothing_done_twice(
    api: str, name: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    crash = CRASH_TABLE[name]
    with begin(api, tmp_path, sqlite_ledger, people=4) as world:
        world.storm(scenarios(api)[crash.under].rules if crash.under else ())
        killed = run_and_kill(world.place, crash.point)
        clear = sure(api, crash.under, [name])
        case = await rest.to_the_end(world, killed=True, sure=clear)

    assert killed
    assert violations(case) == []


@pytest.mark.parametrize("trial", doubles(DOUBLE), ids=lambda trial: trial.title)
async def test_a_second_kill_changes_nothing(
    trial: Trial, tmp_path: Path, sqlite_ledger: str
) -> None:
    scenario = scenarios(trial.api).get(trial.fault, CALM)
    with begin(trial.api, tmp_path, sqlite_ledger, people=4) as world:
        world.wire.patience = scenario.patience
        world.storm(scenario.rules)
        for name in trial.kills:
            run_and_kill(world.place, CRASH_TABLE[name].point)
        clear = sure(trial.api, trial.fault, trial.kills)
        case = await rest.to_the_end(world, killed=True, sure=clear)

    assert violations(case) == []


async def test_whoever_goes_on_elsewhere_waits_until_the_lease_has_run_out(
    tmp_path: Path, postgres_database_url: str
) -> None:
    crash = CRASH_TABLE["c5 after the claim, before connecting"]
    with begin("bland", tmp_path, postgres_database_url, people=4) as world:
        killed = run_and_kill(another_host(world.place), crash.point)
        early = await lease_runs_out(world)
        case = await rest.to_the_end(world, killed=True, sure=True)

    assert killed
    assert early == []
    assert violations(case) == []


def test_every_point_is_reached_under_several_scenarios_and_as_the_second_kill() -> None:
    trials = everything(SEED)
    tried = {(one.kills[0], one.api, one.fault) for one in trials if len(one.kills) == 1}
    second = {one.kills[1] for one in trials if len(one.kills) > 1}

    for name, crash in CRASH_TABLE.items():
        for api in crash.apis:
            plain = [fault for story, fault in PLAIN.items() if story in crash.stories]
            assert all((name, api, fault) in tried for fault in plain)
    assert second == set(CRASH_TABLE) - {"c1 after the import, before the plan"}
