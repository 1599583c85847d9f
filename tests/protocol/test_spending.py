"""What a campaign spends, judged by what the simulator charged."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from campaign.states import CampaignState
from simulator.dialects.vapi.campaign import PER_MINUTE
from simulator.settings import SimulatorSettings
from store import campaigns
from store.allowance import spending
from store.allowance.terms import Terms
from store.campaigns import CampaignView
from tests.protocol import driver
from tests.protocol.truth import provider_of
from tests.protocol.world import World, begin

BUDGET, DEAREST = Decimal("1.50"), Decimal("0.50")
"""Nobody in the simulator talks for longer than five minutes."""
LIMITS: dict[str, Any] = {
    "concurrency": 400,
    "batch_size": 20,
    "open_batches": 20,
    "start_guard": "0s",
    "budget_usd": str(BUDGET),
    "cost_per_call_usd": str(DEAREST),
}


def charged(world: World) -> Decimal:
    """What the provider charges for everything that it did."""
    rings = provider_of(world.simulator.stage).rings
    return sum((Decimal(str(ring.call.cost(PER_MINUTE))) for ring in rings), Decimal(0))


async def run_twice(world: World) -> CampaignView:
    """Run the campaign, let late costs come, and run it again: what came cheap is spent on."""
    async with world.runtime() as runtime:
        await driver.run(runtime, world.file, resumes=0)
        await driver.come_back_later(runtime)
        campaign_id = await driver.run(runtime, world.file, resumes=0)
        return await runtime.ledger.run(campaigns.get, campaign_id)


def world_of(folder: Path, ledger: str, seed: int) -> Any:
    settings = SimulatorSettings(seed=seed)
    return begin("vapi", folder, ledger, people=40, settings=settings, limits=LIMITS)


@pytest.mark.parametrize("seed", [1])
async def test_a_campaign_never_costs_more_than_its_budget(
    tmp_path: Path, sqlite_ledger: str, seed: int
) -> None:
    with world_of(tmp_path, sqlite_ledger, seed) as world:
        view = await run_twice(world)

        assert BUDGET - DEAREST < charged(world) <= BUDGET
        assert view.state is CampaignState.NEEDS_ATTENTION
        assert view.state_reason.startswith("budget of 1.50 USD is used up: ")


async def test_a_budget_that_is_checked_only_after_the_calls_is_overdrawn(
    tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_db: Connection, _known: Terms) -> Decimal:
        return Decimal(0)

    monkeypatch.setattr(spending, "_reserved", nothing)
    with world_of(tmp_path, sqlite_ledger, 1) as world:
        await run_twice(world)

        assert charged(world) > BUDGET
