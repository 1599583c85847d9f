"""A provider that never tells what it has of a campaign: nothing is sent, and a person is told."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.states import CampaignState
from simulator.dialect import RouteClass
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.settings import SimulatorSettings
from store import campaigns
from store.batches import views as batches
from store.batches.views import BatchView
from store.campaigns import CampaignView
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.protocol import driver
from tests.protocol.world import World, begin

LOOKS: list[RouteClass] = ["list", "page"]
WITHOUT_CAMPAIGNS = SimulatorSettings.model_validate({"vapi": {"campaigns": False}})


@asynccontextmanager
async def planned(world: World) -> AsyncGenerator[tuple[Runtime, str]]:
    """A runner and a batch of a campaign of which nothing has been sent yet."""
    async with world.runtime() as runtime, lend(runtime):
        campaign_id = await driver.enroll(runtime, world.file)
        (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
        yield runtime, batch_id


async def steps(runtime: Runtime, batch_id: str, many: int) -> BatchView:
    """Do what is due of a batch, so many times."""
    for _ in range(many):
        batch = await runtime.ledger.run(batches.get, batch_id)
        due_at = batch.due_at or runtime.clock.now()
        await runtime.clock.sleep(max(due_at - runtime.clock.now(), timedelta(0)))
        await driver.one_step(runtime, batch_id)
    return await runtime.ledger.run(batches.get, batch_id)


async def campaign_of(runtime: Runtime, batch: BatchView) -> CampaignView:
    return await runtime.ledger.run(campaigns.get, batch.campaign_id)


def submits(world: World) -> int:
    requests = world.simulator.stage.world.ledger.requests
    return sum(one.route == "submit" for one in requests)


@pytest.mark.parametrize(
    "api, status, remedy",
    [
        ("vogent", 401, "check VOGENT_API_KEY"),
        ("vapi", 403, "check VAPI_API_KEY"),
        ("vapi", 404, "set `api: call`"),
        ("bland", 404, "check the agent block and the base URL"),
        ("vocode", 400, "check the agent block and the base URL"),
    ],
)
async def test_a_refusal_to_tell_what_was_submitted_is_told_to_a_person_at_once(
    api: str, status: int, remedy: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, people=1) as world:
        world.storm([Rule(routes=LOOKS, fault=Status(status=status))])
        async with planned(world) as (runtime, batch_id):
            told = await campaign_of(runtime, await steps(runtime, batch_id, 1))

        assert told.state is CampaignState.NEEDS_ATTENTION
        assert told.state_reason.startswith(f"{world.provider} could not be asked what it has")
        assert remedy in told.state_reason
        assert "outdial resume" in told.state_reason
        assert submits(world) == 0


async def test_an_organization_without_vapi_campaigns_is_told_to_call_one_by_one(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vapi", tmp_path, sqlite_ledger, people=1, settings=WITHOUT_CAMPAIGNS) as world:
        async with planned(world) as (runtime, batch_id):
            told = await campaign_of(runtime, await steps(runtime, batch_id, 1))

    assert told.state is CampaignState.NEEDS_ATTENTION
    assert "set `api: call` in the agent block" in told.state_reason


async def test_a_guard_that_fails_time_and_again_is_told_to_a_person(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=1) as world:
        world.storm([Rule(routes=LOOKS, fault=Status(status=503))])
        async with planned(world) as (runtime, batch_id):
            before = await campaign_of(runtime, await steps(runtime, batch_id, 19))
            told = await campaign_of(runtime, await steps(runtime, batch_id, 1))

    assert before.state is CampaignState.RUNNING
    assert told.state is CampaignState.NEEDS_ATTENTION
    assert "see whether it is up" in told.state_reason


@pytest.mark.parametrize("status", [401, 503])
async def test_a_guard_that_was_refused_is_asked_again_by_a_resume(
    status: int, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=2) as world:
        world.storm([Rule(routes=LOOKS, fault=Status(status=status))])
        async with planned(world) as (runtime, batch_id):
            batch = await steps(runtime, batch_id, 20)
            told = await campaign_of(runtime, batch)
            world.calm()
            await driver.drive(runtime, batch.campaign_id, resumes=1)
            after = await runtime.ledger.run(batches.get, batch_id)

        assert told.state is CampaignState.NEEDS_ATTENTION
        assert len(world.simulator.stage.world.ledger.rings) == 2
        assert after.failures == 0
