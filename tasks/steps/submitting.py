"""Send what is planned: the only place from which a dialling endpoint is asked."""

import asyncio
from datetime import datetime

from campaign.calls import Order
from campaign.drain import Drain
from campaign.errors import Unsupported
from campaign.rules.ruling import ruler
from campaign.spec import CampaignSpec
from campaign.states import SubmissionState
from providers.port import Capabilities, Provider
from providers.settings import resolved_text
from store.accounts import pacing
from store.accounts.pacing import Quota, Wait
from store.allowance import gate
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions import screening
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.guarding import may_send
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime
from tasks.steps.sending import Claim, send, stop_campaign


async def submit(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Send the batch's submissions that are planned and due, as many as there is room for.

    Each is sent once, and its outcome committed. A whole refusal stops the campaign: the next batch
    would be refused too.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    planned = await _due(runtime, batch, provider.capabilities)
    if not planned or not await may_send(runtime, batch):
        return
    gate, goes_on = asyncio.Semaphore(policy.parallel_submits), True

    async def one(submission: SubmissionView) -> None:
        nonlocal goes_on
        async with gate:
            if goes_on:
                goes_on = await _submit_one(runtime, batch, provider, submission.tag, policy)

    # One that breaks off must not cut off others, which would be in doubt then.
    outcomes = await asyncio.gather(*map(one, planned), return_exceptions=True)
    broken = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if broken:
        raise BaseExceptionGroup(f"{len(broken)} submissions broke off", broken)


async def has_room(runtime: Runtime, batch_id: str) -> bool:
    """Whether a planned submission of the batch could be sent now."""
    batch = await runtime.ledger.run(batches.get, batch_id)
    counted = await runtime.ledger.run(batches.tally, batch_id)
    if not counted.planned_submissions:
        return False
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    return bool(await _due(runtime, batch, provider.capabilities))


async def _due(
    runtime: Runtime, batch: BatchView, capabilities: Capabilities
) -> list[SubmissionView]:
    """Planned, due, and within the free lines where the provider has no batches."""
    now = runtime.clock.now()
    planned = await runtime.ledger.run(submissions.of_batch, batch.id, (SubmissionState.PLANNED,))
    due = [one for one in planned if one.due_at is None or one.due_at <= now]
    if capabilities.native_batch:
        return due
    counted = await runtime.ledger.run(batches.tally, batch.id)
    concurrency = batch.spec.limits.concurrency_of_a_batch
    size = submission_size(capabilities, _quota(runtime, batch), concurrency)
    # What is in doubt may be dialling.
    room = concurrency - counted.submitted - size * counted.doubtful_submissions
    return due[: max(room, 0) // size]


def submission_size(capabilities: Capabilities, quota: Quota, concurrency: int) -> int:
    """How many calls go into one submission: no more than may be placed, or under way, at once.

    As far as that is ours to see to: a provider with batches may keep to `concurrency` itself.
    """
    most = [capabilities.batch_limit]
    if not capabilities.native_batch:
        most.append(concurrency)
    if quota.rate is not None:
        most.append(quota.rate.calls)
    if quota.concurrency is not None and not capabilities.concurrency_setting:
        most.append(quota.concurrency)
    return min(most)


def _quota(runtime: Runtime, batch: BatchView) -> Quota:
    return runtime.account(batch.provider).quota(batch.spec.limits)


async def _concurrency(
    runtime: Runtime, batch: BatchView, capabilities: Capabilities, calls: int
) -> int:
    """How many calls of a submission may be under way at once."""
    if not capabilities.concurrency_setting:
        return calls
    mine = batch.spec.limits.concurrency_of_a_batch
    left = await runtime.ledger.run(pacing.lines_left, _quota(runtime, batch))
    return mine if left is None else min(mine, max(left, 1))


def caller_numbers(spec: CampaignSpec, provider: str) -> tuple[str, ...]:
    """The caller numbers of a provider's share; `env:NAME` is read now. Raises `BadInput`."""
    return tuple(resolved_text(number) for number in spec.share_of(provider).from_numbers or ())


async def _submit_one(
    runtime: Runtime, batch: BatchView, provider: Provider, tag: str, policy: Policy
) -> bool:
    """Returns False if the account is to be left alone, so that the others need not be tried."""
    ledger, clock = runtime.ledger, runtime.clock
    if await ledger.run(gate.called_off, tag, clock.now()):
        return True
    start_at = policy.start_at(batch.spec.limits, provider.capabilities, clock.now())
    judge = ruler(batch.spec, start_at or clock.now())
    drain = drain_of(batch.spec, provider.capabilities, start_at or clock.now())
    await ledger.run(screening.drop_uncallable, tag, clock.now(), judge, drain)
    calls = await ledger.run(submissions.calls_to_place, tag)
    if not calls:
        return True
    lines = await _concurrency(runtime, batch, provider.capabilities, len(calls))
    order = Order(
        tag=tag,
        label=batch.campaign_name,
        calls=calls,
        from_numbers=caller_numbers(batch.spec, batch.provider),
        concurrency=lines,
        start_at=start_at,
        stop_at=await _stop_at(runtime, provider.capabilities, tag, start_at),
    )
    try:
        body = provider.compose(order)
    except Unsupported as error:
        await stop_campaign(runtime, batch, error)
        return False
    claimed = await ledger.run(
        pacing.claim,
        tag,
        _quota(runtime, batch),
        lines=lines,
        owner=runtime.runner.name,
        body=body,
        keys=[call.key for call in calls],
        start_at=start_at,
        now=clock.now(),
        lease=runtime.lease,
    )
    if isinstance(claimed, int):
        await send(runtime, batch, provider, Claim(tag, claimed, body, start_at))
    return not isinstance(claimed, Wait)


def drain_of(spec: CampaignSpec, capabilities: Capabilities, start: datetime) -> Drain | None:
    """The pace of a provider that dials a whole batch by itself; None: we pace the calls."""
    if not capabilities.native_batch:
        return None
    return Drain(start, spec.limits.concurrency_of_a_batch, spec.limits.call_length)


async def _stop_at(
    runtime: Runtime, capabilities: Capabilities, tag: str, start_at: datetime | None
) -> datetime | None:
    """The instant after which the provider is told to begin no call, if it can be told."""
    scheduled = start_at is not None or capabilities.start_in_future is None
    if not capabilities.stop_in_future or not scheduled:
        return None
    submission = await runtime.ledger.run(submissions.get, tag)
    return None if submission is None else submission.stop_at
