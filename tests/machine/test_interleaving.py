"""Two runners at one batch, which take turns wherever they wait for the ledger or the carrier.

Whoever is on the list is rung by one of them: what the other one has read is out of date then.
"""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasks.registry import policy_of, tasks_of
from tasks.steps import planning
from tests.machine.judge import complaints
from tests.machine.office import write_template
from tests.machine.test_machine import Machine
from tests.machine.worker import Worker
from tests.protocol.world import copy_ledger

SEEDS = range(3)
IMPATIENT: dict[str, Any] = {
    "policy": {
        "calling_windows": "any_hour",
        "max_attempts": 3,
        "min_gap": "10s",
        "retry_on": ["no_answer", "busy"],
    },
    "limits": {"concurrency": 6, "batch_size": 6, "start_guard": "0s"},
}
"""Somebody who is taken for not called may be called again ten seconds later."""
WAVES = 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("provider", ["bland", "vocode"])
def test_two_runners_that_submit_one_batch_ring_everybody_once(
    provider: str, seed: int, empty_ledger: Path, tmp_path: Path
) -> None:
    lists = {"first": range(5), "second": range(4, 7)}
    write_template(provider, copy_ledger(empty_ledger, tmp_path), lists, **IMPATIENT)
    machine = Machine(provider, tmp_path / "ledger.db")
    office, chance = machine.office, Random(seed)
    tasks = tasks_of(provider)

    for _ in range(WAVES):
        machine.plan(0, chance.randrange(2), None)
        for batch_id in machine.batches():

            async def submit(_worker: Worker, batch_id: str = batch_id) -> None:
                await tasks.submit.fn(batch_id)

            machine.side_by_side(submit, chance.randrange(1000))
            assert complaints(office.engine, office.carrier, office.orders) == []
        office.clock.skip(timedelta(seconds=11))

    assert any(dial.rang(office.clock.peek()) for dial in office.carrier.dials)
    machine.teardown()


@pytest.mark.parametrize("provider", ["bland", "vocode"])
def test_two_runners_that_plan_at_once_take_nobody_twice(
    provider: str, empty_ledger: Path, tmp_path: Path
) -> None:
    write_template(provider, copy_ledger(empty_ledger, tmp_path), **IMPATIENT)
    machine = Machine(provider, tmp_path / "ledger.db")
    campaign_id = machine.office.campaigns[0]

    async def plan(worker: Worker) -> None:
        await planning.plan_wave(worker.runtime, campaign_id, 2, policy_of)

    for seed in SEEDS:
        machine.side_by_side(plan, seed)

    machine.teardown()
