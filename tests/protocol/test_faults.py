"""Whatever goes wrong, nobody is dialled twice and nothing is lost; in doubt is only what must be.

A selection; `make torture` goes through the whole catalogue.
"""

import random
from pathlib import Path

import pytest

from tests.flows.campaigns import APIS
from tests.protocol import rest
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.world import begin

SEED = 20261122
PER_API = 1


def selection() -> list[tuple[str, str]]:
    """Some scenarios of every API, the same in every run."""
    chance = random.Random(SEED)
    return [(api, name) for api in APIS for name in chance.sample(list(scenarios(api)), PER_API)]


@pytest.mark.parametrize("api, name", selection())
async def test_whatever_goes_wrong_the_ledgers_agree(
    api: str, name: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    scenario = scenarios(api)[name]
    with begin(api, tmp_path, sqlite_ledger) as world:
        world.wire.patience = scenario.patience
        world.storm(scenario.rules, SEED)
        case = await rest.to_the_end(world)

    assert violations(case) == []
