"""A runner may be killed anywhere, once or twice: the next one goes on as if nothing had happened.

A selection; `make torture` goes through the whole table.
"""

import random
from pathlib import Path

import pytest

from tests.protocol import rest
from tests.protocol.certain import sure
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.killing import CRASH_TABLE, run_and_kill
from tests.protocol.world import begin

SEED = 20261122
SINGLE, DOUBLE = 8, 2
LOST, SECOND = "submit: close after", "c10 what was looked up is in memory"


def selection(count: int, seed: int) -> list[tuple[str, str]]:
    """Some points, each with one of the APIs that come by, the same in every run."""
    chance = random.Random(seed)
    points = chance.sample(list(CRASH_TABLE), count)
    return [(chance.choice(CRASH_TABLE[name].apis), name) for name in points]


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


@pytest.mark.parametrize("api, name", selection(DOUBLE, SEED + 1))
async def test_a_second_kill_changes_nothing(
    api: str, name: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    crash = CRASH_TABLE[name]
    with begin(api, tmp_path, sqlite_ledger, people=4) as world:
        world.storm(scenarios(api)[LOST].rules)
        run_and_kill(world.place, crash.point)
        run_and_kill(world.place, CRASH_TABLE[SECOND].point)
        clear = sure(api, LOST, [name, SECOND])
        case = await rest.to_the_end(world, killed=True, sure=clear)

    assert violations(case) == []
