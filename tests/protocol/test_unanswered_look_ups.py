"""Look-ups of a doubt that fail for long: asked less and less, then held, and still looked for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from campaign.states import CampaignState, SubmissionState
from simulator.dialect import RouteClass
from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from store import campaigns
from store.batches import views as batches
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver
from tests.protocol.world import World, begin

ROUTES: list[RouteClass] = ["list", "page"]


@asynccontextmanager
async def in_doubt(world: World, lost: str) -> AsyncGenerator[tuple[Runtime, str, str]]:
    """A runner, a campaign and its batch, whose only submit got no answer."""
    async with world.runtime() as runtime, lend(runtime):
        campaign_id = await driver.enroll(runtime, world.file)
        (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
        world.storm([Rule(routes=["submit"], fault=Close.model_validate({"when": lost}))])
        while not world.simulator.stage.world.ledger.requests[-1:] or (
            world.simulator.stage.world.ledger.requests[-1].route != "submit"
        ):
            await driver.one_step(runtime, batch_id)
        yield runtime, campaign_id, batch_id


async def look_for(runtime: Runtime, batch_id: str, how_long: timedelta) -> SubmissionView:
    end = runtime.clock.now() + how_long
    while (batch := await runtime.ledger.run(batches.get, batch_id)).due_at is not None:
        if batch.due_at > end:
            break
        await runtime.clock.sleep(max(batch.due_at - runtime.clock.now(), timedelta(seconds=1)))
        await driver.one_step(runtime, batch_id)
    (submission,) = await runtime.ledger.run(submissions.of_batch, batch_id)
    return submission


@pytest.mark.parametrize("api", ["vocode", "bland", "vogent"])
async def test_a_doubt_whose_look_ups_fail_is_asked_later_each_time_then_held_and_found_at_last(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=1) as world:
        async with in_doubt(world, "after") as (runtime, _, batch_id):
            world.storm([Rule(routes=ROUTES, fault=Status(status=503))])
            held = await look_for(runtime, batch_id, timedelta(hours=12))
            requests = world.simulator.stage.world.ledger.requests
            moments = [one.at for one in requests if one.status == 503]
            world.calm()
            found = await look_for(runtime, batch_id, timedelta(hours=2))

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert held.state is SubmissionState.HELD
    assert "cannot be looked for" in held.note
    assert len(moments) < 60
    assert pauses[0] < 60
    assert pauses[-1] > 3500
    assert found.state is SubmissionState.ACCEPTED


async def test_a_key_that_is_refused_while_a_doubt_is_looked_for_is_told_to_a_person(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=1) as world:
        async with in_doubt(world, "after") as (runtime, campaign_id, batch_id):
            world.storm([Rule(routes=ROUTES, fault=Status(status=401))])
            await look_for(runtime, batch_id, timedelta(minutes=1))
            told = await runtime.ledger.run(campaigns.get, campaign_id)

    assert told.state is CampaignState.NEEDS_ATTENTION
    assert "cannot be looked for" in told.state_reason


async def test_what_rings_nobody_is_created_anew_once_look_ups_answer_again(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=1) as world:
        async with in_doubt(world, "before") as (runtime, campaign_id, batch_id):
            world.storm([Rule(routes=ROUTES, fault=Status(status=503))])
            held = await look_for(runtime, batch_id, timedelta(hours=2))
            world.calm()
            await look_for(runtime, batch_id, timedelta(days=4))
            balance = await driver.balance(runtime, campaign_id)
        rings = len(world.simulator.stage.world.ledger.rings)

    assert held.state is SubmissionState.HELD
    assert balance.held == 0
    assert rings == 1
