"""Plans: worked out, approved by a person, and held to."""

import asyncio

from campaign.errors import BadInput
from campaign.states import CampaignState
from store import campaigns
from store.plans import binding
from store.plans.binding import Approval
from store.plans.fingerprint import written
from store.plans.making import Plan
from tasks.steps.runtime import Runtime


async def make_plan(runtime: Runtime, campaign_id: str) -> Plan:
    """Work out the plan of a campaign whose list has been read."""
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    return await asyncio.to_thread(
        binding.plan_of,
        runtime.ledger,
        campaign.spec,
        runtime.clock.now(),
        campaign_id=campaign.id,
    )


async def bind_plan(runtime: Runtime, campaign_id: str, plan: str, approval: Approval) -> None:
    """Hold a campaign to a plan, by its hash.

    Raises `BadInput` if its plan is another by now: then it still calls nobody.
    """
    await asyncio.to_thread(
        binding.bind, runtime.ledger, campaign_id, plan, approval, runtime.clock.now()
    )


async def bind_or_give_up(
    runtime: Runtime, campaign_id: str, plan: str, approval: Approval
) -> None:
    """The same where nobody is asked again: with another plan the campaign needs attention."""
    try:
        await bind_plan(runtime, campaign_id, plan, approval)
    except BadInput:
        await give_up(runtime, campaign_id, f"its plan is no longer {written(plan)}")
        raise


async def give_up(runtime: Runtime, campaign_id: str, why: str) -> None:
    """Leave a campaign that is held to no plan, and so calls nobody, to a person."""
    await runtime.ledger.run(
        campaigns.set_state,
        campaign_id,
        CampaignState.NEEDS_ATTENTION,
        why,
        runtime.clock.now(),
        expected=CampaignState.RUNNING,
    )
