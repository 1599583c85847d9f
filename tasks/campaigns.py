"""Prefect tasks of a whole campaign: its list, its waves, its books."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from store.books import Books
from store.plans.binding import Approval
from tasks.registry import policy_of
from tasks.steps import approving, closing, listing, planning
from tasks.steps.runtime import current


@task(task_run_name="import recipients of {campaign_id}", cache_policy=NO_CACHE)
async def import_recipients(campaign_id: str, flow_run_id: str, *, strict: bool = False) -> None:
    """Read the campaign's list into the ledger; known numbers stay as they are."""
    await listing.import_recipients(current(), campaign_id, flow_run_id, strict=strict)


@task(task_run_name="hold {campaign_id} to its plan", cache_policy=NO_CACHE)
async def bind_plan(campaign_id: str, plan: str, actor: str, reason: str) -> None:
    """Let the campaign call whom its plan calls, and nobody else. Raises `BadInput`."""
    approval = Approval(actor=actor, reason=reason)
    await approving.bind_or_give_up(current(), campaign_id, plan, approval)


@task(task_run_name="plan wave of {campaign_id}", cache_policy=NO_CACHE, retries=2)
async def plan_wave(campaign_id: str, room: int) -> tuple[str, ...]:
    """Turn people who are due into at most `room` batches; returns their ids."""
    return await planning.plan_wave(current(), campaign_id, room, policy_of)


@task(task_run_name="close the books of {campaign_id}", cache_policy=NO_CACHE, retries=2)
async def close_books(campaign_id: str) -> Books:
    """Count what became of everybody, and say whether the campaign is complete."""
    return await closing.close_books(current(), campaign_id)
