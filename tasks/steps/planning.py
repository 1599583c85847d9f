"""Who is called next: turn recipients that are due into batches."""

from datetime import datetime

from campaign.rules.ruling import ruler
from campaign.spec import expired
from campaign.states import CampaignState
from providers.port import Capabilities
from store import campaigns
from store.allowance import room as allowance
from store.batches import views as batches
from store.campaigns import CampaignView
from store.planning import planner as planning
from tasks.steps.policy import PolicyOf
from tasks.steps.runtime import Runtime
from tasks.steps.submitting import caller_numbers, drain_of, submission_size


async def plan_wave(
    runtime: Runtime, campaign_id: str, room: int, policy_of: PolicyOf
) -> tuple[str, ...]:
    """Plan at most `room` further batches of people who are due, and return their ids.

    One transaction each: whoever is planned has an open attempt, and nobody can plan them again.
    Providers of a split take turns.
    """
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    planned: list[str] = []
    providers = [share.provider for share in campaign.spec.shares]
    while providers and len(planned) < room:
        batch_id = await _plan_batch(runtime, campaign, providers[0], policy_of)
        if batch_id is None:
            providers.pop(0)
        else:
            planned.append(batch_id)
            providers.append(providers.pop(0))
    return tuple(planned)


async def _plan_batch(
    runtime: Runtime, campaign: CampaignView, name: str, policy_of: PolicyOf
) -> str | None:
    provider = await runtime.provider(campaign.id, campaign.spec, name)
    limits, now = campaign.spec.limits, runtime.clock.now()
    if not _may_plan(campaign, now):
        return None
    # Who is judged by one instant and paced by another may never fit into any batch.
    start = policy_of(name).start_at(limits, provider.capabilities, now) or now
    quota = runtime.account(name).quota(limits)
    part = submission_size(provider.capabilities, quota, limits.concurrency_of_a_batch)
    planned = await runtime.ledger.run(
        planning.plan_batch,
        campaign.id,
        name,
        now=now,
        size=batch_size(provider.capabilities, limits.batch_size, part),
        submission_size=part,
        judge=ruler(campaign.spec, start),
        drain=drain_of(campaign.spec, provider.capabilities, start),
        from_numbers=caller_numbers(campaign.spec, name),
    )
    return None if planned is None else planned.batch_id


def batch_size(capabilities: Capabilities, wished: int, part: int) -> int:
    """How many people go into one batch: one submission's worth at a provider with batches."""
    return min(wished, part) if capabilities.native_batch else wished


def _may_plan(campaign: CampaignView, now: datetime) -> bool:
    running = campaign.state is CampaignState.RUNNING and not campaign.unbound
    return running and not expired(campaign.spec, now)


async def next_due(runtime: Runtime, campaign_id: str) -> datetime | None:
    """When the next person of a running campaign can be called; None: nobody can, any more.

    Not while its allowance has no room: then it waits for calls that are under way, if any are.
    """
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    if not _may_plan(campaign, runtime.clock.now()):
        return None
    return await runtime.ledger.run(allowance.next_due, campaign_id, runtime.clock.now())


async def anybody_due(runtime: Runtime, campaign_id: str) -> bool:
    """Whether a person of a running campaign is due now."""
    due_at = await next_due(runtime, campaign_id)
    return due_at is not None and due_at <= runtime.clock.now()


async def unfinished(runtime: Runtime, campaign_id: str) -> list[str]:
    """Ids of the campaign's batches that somebody must wait for, or that are to be looked for."""
    now, ledger = runtime.clock.now(), runtime.ledger
    looked_for = await ledger.run(batches.looked_for, campaign_id, now)
    return await ledger.run(batches.unfinished, campaign_id) + looked_for
