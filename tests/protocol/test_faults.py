"""Whatever goes wrong, nobody is dialled twice and nothing is lost; in doubt is only what must be.

A selection; `make torture` goes through the whole catalogue.
"""

import random
from pathlib import Path

import pytest

from simulator.app import Stage
from simulator.clock import VirtualClock
from simulator.dialect import Shape
from tests.flows.campaigns import APIS
from tests.protocol import rest
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.outcomes import SHORT_CALLS, idle, settings_of
from tests.protocol.world import begin

SEED = 20261122
PER_API = 2
NEEDS = {
    "cursor_expired": "cursor_param",
    "cursor_ignored": "cursor_param",
    "cursor_loops": "cursor",
    "limit_ignored": "limit_param",
    "lose_ids": "ids",
    "wrong_total": "total",
    "drop_rows": "rows",
    "duplicate_rows": "rows",
    "empty_page": "rows",
    "moving_rows": "rows",
    "rows_without_id": "rows",
    "shuffle_rows": "rows",
}
"""What an answer must have for a fault of this kind to change it."""


def selection() -> list[tuple[str, str]]:
    """Some scenarios of every API, the same in every run."""
    chance = random.Random(SEED)
    return [(api, name) for api in APIS for name in chance.sample(list(scenarios(api)), PER_API)]


@pytest.mark.parametrize("api, name", selection())
async def test_whatever_goes_wrong_the_ledgers_agree(
    api: str, name: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    scenario = scenarios(api)[name]
    settings = settings_of(scenario)
    with begin(api, tmp_path, sqlite_ledger, people=4, settings=settings) as world:
        world.wire.patience = scenario.patience
        world.storm(scenario.rules, SEED)
        case = await rest.to_the_end(world)

    assert violations(case) == []
    assert idle(world, scenario) == []


def test_nothing_is_listed_that_an_answer_has_no_place_for() -> None:
    stage = Stage(SHORT_CALLS, VirtualClock())
    shapes: dict[tuple[str, str], list[Shape]] = {}
    for dialect in stage.dialects:
        for endpoint in dialect.endpoints:
            shapes.setdefault((dialect.name, endpoint.route), []).append(endpoint.shape)

    nowhere = [
        (api, name)
        for api in APIS
        for name, scenario in scenarios(api).items()
        for rule in scenario.rules
        for route in rule.routes
        if (need := NEEDS.get(rule.fault.kind))
        and not any(_has(shape, need) for shape in shapes[api.partition("-")[0], route])
    ]

    assert nowhere == []


def _has(shape: Shape, place: str) -> bool:
    return getattr(shape, place) not in {None, ()}
