"""On the simulator's bad days, with everything going wrong at once, the promises hold."""

from pathlib import Path
from typing import Any

import pytest

from simulator.faults.rules import FaultPlan
from tests.flows.campaigns import APIS
from tests.proofs import at_length
from tests.protocol import rest
from tests.protocol.invariants import violations
from tests.protocol.outcomes import PACE, SHORT_CALLS
from tests.protocol.world import begin

MIXES = ("hell", "rough", "submit-doubt")
SEEDS = (1, 2, 3)
DAYS = [(api, mix, seed) for seed in SEEDS for mix in MIXES for api in APIS]
A_SUBMIT_EACH = {"concurrency": 400, "batch_size": 1, "start_guard": "0s"}
"""So that chance has something to go wrong with."""
QUICK = [("bland", "hell", 3), ("vogent", "rough", 1), ("happyrobot", "submit-doubt", 1)]


@pytest.mark.parametrize(
    "day", at_length(QUICK + [day for day in DAYS if day not in QUICK], quick=len(QUICK)), ids=str
)
async def test_on_a_bad_day_nobody_is_dialled_twice_and_nothing_is_lost(
    day: tuple[str, str, int], tmp_path: Path, sqlite_ledger: str
) -> None:
    api, mix, seed = day
    said: dict[str, Any] = {"settings": SHORT_CALLS, "polling": PACE, "limits": A_SUBMIT_EACH}
    with begin(api, tmp_path, sqlite_ledger, **said) as world:
        world.simulator.stage.board.load(FaultPlan(mixes=[mix], seed=seed))
        case = await rest.to_the_end(world)

    assert any(request.faults for request in case.provider.requests)
    assert violations(case) == []
