"""Send what is planned: the only place from which a dialling endpoint is asked."""

import asyncio
from datetime import datetime, timedelta

from campaign.calls import Order, Receipt
from campaign.errors import (
    Ambiguous,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Stopped,
    Unauthorized,
    Unsupported,
)
from campaign.pace import after_failure, next_lookup
from campaign.spec import CampaignSpec
from campaign.states import SubmissionState
from providers.port import Capabilities, Provider
from providers.settings import resolved_text
from store import incidents
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions import claiming, deciding
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

LEASE = timedelta(minutes=5)
"""Longer than a submit may take at most."""


async def submit(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Send the batch's submissions that are planned and due, as many as there is room for.

    Each is sent once, and its outcome committed. A whole refusal stops the campaign: the next batch
    would be refused too.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    planned = await _due(runtime, batch, provider.capabilities)
    gate = asyncio.Semaphore(policy.parallel_submits)

    async def one(submission: SubmissionView) -> None:
        async with gate:
            await _submit_one(runtime, batch, provider, submission.tag, policy)

    async with asyncio.TaskGroup() as group:
        for submission in planned:
            group.create_task(one(submission))


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
    room = max(concurrency - counted.submitted, 0)
    return due[: room // submission_size(capabilities, concurrency)]


def submission_size(capabilities: Capabilities, concurrency: int) -> int:
    """How many calls go into one submission; where we pace them, no more than may be open."""
    if capabilities.native_batch:
        return capabilities.batch_limit
    return min(capabilities.batch_limit, concurrency)


def caller_numbers(spec: CampaignSpec, provider: str) -> tuple[str, ...]:
    """The caller numbers of a provider's share; `env:NAME` is read now. Raises `BadInput`."""
    return tuple(resolved_text(number) for number in spec.share_of(provider).from_numbers or ())


async def _submit_one(
    runtime: Runtime, batch: BatchView, provider: Provider, tag: str, policy: Policy
) -> None:
    ledger, clock = runtime.ledger, runtime.clock
    start_at = _start_at(batch, provider.capabilities, clock.now(), policy)
    calls = await ledger.run(submissions.calls_to_place, tag)
    order = Order(
        tag=tag,
        label=batch.campaign_name,
        calls=calls,
        from_numbers=caller_numbers(batch.spec, batch.provider),
        concurrency=batch.spec.limits.concurrency_of_a_batch,
        start_at=start_at,
    )
    try:
        body = provider.compose(order)
    except Unsupported as error:
        await _stop_campaign(runtime, batch, error)
        return
    epoch = await ledger.run(
        claiming.claim,
        tag,
        owner=runtime.runner.name,
        body=body,
        start_at=start_at,
        now=clock.now(),
        lease=LEASE,
    )
    if epoch is not None:
        await _send(runtime, batch, provider, tag, epoch=epoch, body=body)


async def _send(
    runtime: Runtime, batch: BatchView, provider: Provider, tag: str, *, epoch: int, body: bytes
) -> None:
    """Send one claimed body and commit what came of it: a yes, a no, or else a doubt."""
    ledger, clock = runtime.ledger, runtime.clock
    dials = not provider.capabilities.two_phase_start

    async def fence() -> None:
        await ledger.run(claiming.mark_wire, tag, epoch, clock.now(), dials=dials)

    try:
        receipt = await provider.submit(body, fence)
    except (Stopped, NotSent, RateLimited, Unauthorized) as error:
        await _release(runtime, batch, tag, epoch, error)
    except Rejected as error:
        await ledger.run(
            deciding.reject,
            tag,
            epoch,
            clock.now(),
            reason=_words(error),
            status=error.status,
        )
        await _stop_campaign(runtime, batch, error)
    except BaseException as error:
        # Cancelled, killed softly, or a fault of ours: all the same, the request may have gone out.
        await asyncio.shield(_doubt(runtime, tag, epoch, error))
        if not isinstance(error, Ambiguous):
            raise
    else:
        await _accept(runtime, tag, receipt, dials=dials)


async def _accept(runtime: Runtime, tag: str, receipt: Receipt, *, dials: bool) -> None:
    now = runtime.clock.now()
    await runtime.ledger.run(deciding.accept, tag, receipt, now, dials=dials)


async def _release(
    runtime: Runtime, batch: BatchView, tag: str, epoch: int, error: Stopped | ProviderError
) -> None:
    now = runtime.clock.now()
    wait = error.retry_after if isinstance(error, RateLimited) else None
    if wait is None:
        wait = after_failure(batch.spec.polling, batch.failures)
    await runtime.ledger.run(
        claiming.release,
        tag,
        epoch,
        now,
        reason=_words(error),
        again_at=now + wait,
        status=getattr(error, "status", None),
        event="stopped" if isinstance(error, Stopped) else "not_done",
    )
    if isinstance(error, Unauthorized):
        await _stop_campaign(runtime, batch, error)


async def _doubt(runtime: Runtime, tag: str, epoch: int, error: BaseException) -> None:
    now = runtime.clock.now()
    await runtime.ledger.run(
        deciding.doubt,
        tag,
        epoch,
        now,
        look_at=now + next_lookup(0),
        reason=_words(error),
        status=getattr(error, "status", None),
    )


async def _stop_campaign(runtime: Runtime, batch: BatchView, error: ProviderError) -> None:
    """Nothing more is sent before a person has looked at the cause."""
    await runtime.ledger.run(
        incidents.attention,
        batch.campaign_id,
        f"{batch.provider}: {error} (batch {batch.no}; the provider's words are in submit_log)",
        runtime.clock.now(),
    )


def _words(error: BaseException) -> str:
    """What to write into the ledger: the provider's own words if there are any."""
    said = getattr(error, "reason", "")
    return f"{error}: {said}" if said else (str(error) or type(error).__name__)


def _start_at(
    batch: BatchView, capabilities: Capabilities, now: datetime, policy: Policy
) -> datetime | None:
    if capabilities.start_in_future is None:
        return None
    wish = batch.spec.limits.start_guard
    guard = policy.start_guard if wish is None else wish
    return now + guard if guard > timedelta(0) else None
