"""A campaign's plan laid before a person, who lets it be run or not."""

from datetime import timedelta
from typing import Any

from prefect.artifacts import acreate_markdown_artifact
from prefect.flow_runs import apause_flow_run, asuspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from campaign.errors import BadInput
from flows.waiting import Waiting
from store.plans.binding import Approval
from store.plans.fingerprint import written
from store.plans.making import Plan
from tasks.plan_page import plan_page
from tasks.steps import approving
from tasks.steps.runtime import Runtime

_WAITED_FOR = timedelta(days=30)
_LOOK = timedelta(seconds=5)


class ApprovalForm(RunInput):
    """What a person is asked; the answer holds for the plan that was shown and for no other."""

    plan: str = Field(default="", description="The hash of the plan, as it is shown.")
    approve: bool = Field(default=False, description="Call the people of this plan?")
    name: str = Field(min_length=1, description="Who decides; kept in the audit.")
    reason: str = Field(min_length=1, description="Why; kept in the audit.")


async def ask(runtime: Runtime, campaign_id: str, waiting: Waiting) -> str:
    """Wait until a person has approved the campaign's plan, and hold the campaign to it.

    A plan that has changed by then is shown anew. Returns why it is not run; empty: it is.
    """
    while True:
        plan = await approving.make_plan(runtime, campaign_id)
        said = await _answer(plan, waiting)
        if said is None or not said.approve:
            return await _refused(runtime, campaign_id, plan, said)
        if said.plan.strip() != written(plan.hash):
            why = f"the approval of {said.name} was for another plan than {written(plan.hash)}"
            await approving.give_up(runtime, campaign_id, why)
            return why
        try:
            approval = Approval(actor=said.name, reason=said.reason)
            await approving.bind_plan(runtime, campaign_id, plan.hash, approval)
        except BadInput:
            continue
        return ""


async def _answer(plan: Plan, waiting: Waiting) -> ApprovalForm | None:
    """Show the plan and wait; for a plan that was answered already it returns at once.

    The key of the pause is the plan's hash: Prefect never asks twice about one plan, and always
    about another.
    """
    page = plan_page(plan)
    await acreate_markdown_artifact(page, key=f"plan-{plan.name}", description="Approve it?")
    form: Any = ApprovalForm.with_initial_data(description=page, plan=written(plan.hash))
    wait: dict[str, Any] = {
        "wait_for_input": form,
        "key": f"approve-{plan.hash}",
        "timeout": int(_WAITED_FOR.total_seconds()),
    }
    if waiting is Waiting.SUSPENDED:
        return await asuspend_flow_run(**wait)
    return await apause_flow_run(**wait, poll_interval=int(_LOOK.total_seconds()))


async def _refused(
    runtime: Runtime, campaign_id: str, plan: Plan, said: ApprovalForm | None
) -> str:
    by = f" by {said.name}: {said.reason}" if said is not None else ""
    why = f"the plan {written(plan.hash)} was not approved{by}"
    await approving.give_up(runtime, campaign_id, why)
    return why
