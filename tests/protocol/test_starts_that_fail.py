"""A start that can never work: a person is told, and nobody waits for it for ever."""

from datetime import timedelta
from pathlib import Path

import pytest

from campaign.states import BatchState, CampaignState
from simulator.dialect import RouteClass
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from store.batches import views as batches
from store.batches.views import BatchView
from tasks.registry import policy_of
from tasks.steps import planning, submitting
from tasks.steps.runtime import Runtime, lend
from tasks.vogent import POLICY
from tests.protocol import driver
from tests.protocol.world import World, begin


async def steps(runtime: Runtime, batch_id: str, many: int) -> BatchView:
    """Do what is due of a created batch, so many times at most."""
    for _ in range(many):
        await driver.one_step(runtime, batch_id)
        batch = await runtime.ledger.run(batches.get, batch_id)
        if batch.due_at is None or batch.campaign_state is not CampaignState.RUNNING:
            break
        await runtime.clock.sleep(max(batch.due_at - runtime.clock.now(), timedelta(seconds=1)))
    return await runtime.ledger.run(batches.get, batch_id)


async def after(world: World, status: int, route: RouteClass, many: int) -> BatchView:
    """Where a batch stands that was created, and could not be started for as often."""
    async with world.runtime() as runtime, lend(runtime):
        campaign_id = await driver.enroll(runtime, world.file)
        (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
        await submitting.submit(runtime, batch_id, POLICY)
        world.storm([Rule(routes=[route], fault=Status(status=status))])
        return await steps(runtime, batch_id, many)


async def test_a_job_that_is_gone_is_told_to_a_person_at_once(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=1) as world:
        batch = await after(world, 404, "status", 5)

    assert batch.campaign_state is CampaignState.NEEDS_ATTENTION


@pytest.mark.parametrize("route", ["status", "start"])
async def test_a_start_that_never_works_is_given_up_after_hours_and_told_to_a_person(
    route: RouteClass, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=1) as world:
        batch = await after(world, 500, route, 60)
        rings = len(world.simulator.stage.world.ledger.rings)

    assert batch.campaign_state is CampaignState.NEEDS_ATTENTION
    assert batch.state is not BatchState.SUBMITTING
    assert rings == 0
