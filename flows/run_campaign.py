"""One campaign: read its list, call who is due wave by wave, close its books."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State, StateType
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import flow_run

from campaign.durations import say_duration
from flows.approving import ask
from flows.batches_at_work import BatchesAtWork, next_batches
from flows.cancelled_runs import watch
from flows.form import CampaignForm
from flows.run_batch import run_batch
from flows.spreading import spread_batches
from flows.waiting import Waiting
from store.books import Books
from store.plans.demanding import TO_BE_APPROVED
from store.plans.fingerprint import read_hash
from tasks import campaigns
from tasks.progress import publish
from tasks.report import publish_report
from tasks.steps import enrolling, planning
from tasks.steps.enrolling import Enrolled
from tasks.steps.runtime import Runtime, open_runtime

_SUSPENDED_FOR = timedelta(days=30)


def _title() -> str:
    said: dict[str, Any] = flow_run.parameters
    form: CampaignForm | dict[str, str] | None = said.get("campaign")
    if form is not None:
        return f"campaign {form['name'] if isinstance(form, dict) else form.name}"
    return f"campaign {said.get('name') or Path(str(said.get('file'))).stem}"


@flow(name="run-campaign", flow_run_name=_title)
async def run_campaign(
    campaign: CampaignForm | None = None,
    name: str | None = None,
    file: str | None = None,
    waiting: Waiting = Waiting.HERE,
    *,
    strict: bool = False,
    spread: bool = False,
    plan: str | None = None,
    approve: bool = False,
) -> State[Any]:
    """Run a campaign to its end, or go on with it.

    Say which in one of three ways: fill in the form, name a campaign that is in the ledger, or give
    a campaign file on the worker's disk. Running it again, or twice at the same time, calls nobody
    twice.

    strict: import nobody if any row of the list is bad.
    spread: let `run-batch` deployments do the batches, on any worker.
    plan: run just the plan with this hash, as `outdial plan` shows it, or nothing.
    approve: show the plan on this run's page and call nobody before a person has approved it there.
    """
    wanted = read_hash(plan) if plan is not None else TO_BE_APPROVED if approve else None
    async with open_runtime() as runtime:
        enrolled = await enrolling.enroll(
            runtime,
            form=campaign,
            name=name,
            file=file,
            flow_run_id=flow_run.id,
            plan=wanted,
        )
        if enrolled.busy_elsewhere:
            return _completed("another run looks after this campaign already")
        await campaigns.import_recipients(enrolled.id, flow_run.id or "", strict=strict)
        if wanted and enrolled.unbound:
            actor = f"flow run {flow_run.name}"
            await campaigns.bind_plan(enrolled.id, wanted, actor, "it was run with this plan")
        elif enrolled.unbound and (refused := await ask(runtime, enrolled.id, waiting)):
            return State(type=StateType.COMPLETED, name="NotApproved", message=refused)
        # First from here: the bar belongs to the page of the run that makes it.
        await publish(runtime, enrolled.id, at_once=True, anew=_first_time())
        if waiting is Waiting.SUSPENDED:
            await _hand_over(runtime, enrolled, spread=spread)
        else:
            await _run_here(runtime, enrolled)
        books = await campaigns.close_books(enrolled.id)
        await publish(runtime, enrolled.id, at_once=True)
        await publish_report(runtime, enrolled.id)
        return await _verdict(runtime, enrolled.id, books)


def _first_time() -> bool:
    """This run begins, and is not one that was suspended or crashed and goes on."""
    return (flow_run.run_count or 1) <= 1


async def _run_here(runtime: Runtime, enrolled: Enrolled) -> None:
    """Plan waves and run their batches until nobody is due any more; redials are waited for."""
    batches = BatchesAtWork(runtime, enrolled.id, enrolled.spec.limits.batches_at_once)
    watching = asyncio.create_task(watch(runtime, flow_run.id or ""))
    try:
        while True:
            await batches.begin()
            if batches.running:
                await batches.wait()
                await publish(runtime, enrolled.id)
            elif not await _wait_for_redials(runtime, enrolled.id):
                break
    finally:
        await _end([watching, *batches.running.values()])
    if batches.broken:
        raise ExceptionGroup(
            f"{len(batches.broken)} batches broke off; run the campaign again to go on with them",
            [error for error in batches.broken.values() if isinstance(error, Exception)],
        )


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Take them along when the campaign ends or breaks off: their next step needs its ledger."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _wait_for_redials(runtime: Runtime, campaign_id: str) -> bool:
    """Wait until somebody is due. False: nobody will be."""
    due_at = await planning.next_due(runtime, campaign_id)
    if due_at is None:
        return False
    pause = due_at - runtime.clock.now()
    if pause > timedelta(0):
        get_run_logger().info("the next call is due in %s", say_duration(pause))
        await runtime.clock.sleep(min(pause, timedelta(minutes=1)))
    return True


async def _hand_over(runtime: Runtime, enrolled: Enrolled, *, spread: bool) -> None:
    """Plan and submit the first wave, then leave the process.

    The sweeper goes on, and wakes this run at the end.
    """
    if await enrolling.finished(runtime, enrolled.id):
        return
    await enrolling.hand_over(runtime, enrolled.id)
    room = enrolled.spec.limits.batches_at_once
    planned = await next_batches(runtime, enrolled.id, room)
    if spread:
        await spread_batches(planned)
    else:
        await asyncio.gather(*(run_batch(one, Waiting.SUSPENDED) for one in planned))
    if not await enrolling.finished(runtime, enrolled.id):
        await publish(runtime, enrolled.id, at_once=True)
        await asuspend_flow_run(timeout=int(_SUSPENDED_FOR.total_seconds()))


async def _verdict(runtime: Runtime, campaign_id: str, books: Books) -> State[Any]:
    if await enrolling.cancelled(runtime, campaign_id):
        return State(type=StateType.CANCELLED, message=books.in_words)
    if books.closes:
        return _completed(books.in_words)
    return State(type=StateType.FAILED, name="NeedsAttention", message=books.in_words)


def _completed(message: str) -> State[Any]:
    return State(type=StateType.COMPLETED, message=message)
