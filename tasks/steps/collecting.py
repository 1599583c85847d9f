"""Bring results home: look at the batch, page through its calls, read singly what the list lacks."""

import asyncio
from datetime import timedelta

from campaign.calls import BatchRef, ListedCall
from campaign.errors import NotFound, ProviderError, Rejected, Unreadable
from campaign.pace import after_failure, next_look
from campaign.states import BatchState
from campaign.words import Progress
from providers.port import Provider
from store import calls
from store.batches import advancing
from store.batches import views as batches
from store.batches.advancing import Settled
from store.batches.views import BatchView
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_PAGES_AT_MOST = 20_000
"""Of one sweep: a provider that never comes to an end is not followed for ever."""


async def poll(runtime: Runtime, batch_id: str) -> None:
    """Look once at the provider's batch and note how far it is. A failed look is borne: it ends nothing."""
    batch, provider, reference = await _open(runtime, batch_id)
    if reference is None or not provider.capabilities.native_batch:
        return
    try:
        status = await provider.status(reference)
    except ProviderError as error:
        await _bear(runtime, batch, error)
    else:
        now = runtime.clock.now()
        await runtime.ledger.run(advancing.looked, batch_id, status.progress, now)


async def collect(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Sweep through the batch's calls from where the last sweep stopped, then read details that are due.

    Page and cursor are committed together. Two runners at the same batch do no harm: the slower one's page is refused and it leaves.
    """
    batch, provider, reference = await _open(runtime, batch_id)
    if reference is None:
        return
    try:
        await _sweep(runtime, batch, provider, reference)
        await read_details(runtime, batch, provider, policy)
    except ProviderError as error:
        await _bear(runtime, batch, error)


async def _open(runtime: Runtime, batch_id: str) -> tuple[BatchView, Provider, BatchRef | None]:
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    reference = await runtime.ledger.run(batches.reference, batch_id)
    return batch, provider, reference


async def _sweep(
    runtime: Runtime, batch: BatchView, provider: Provider, reference: BatchRef
) -> None:
    cursor, seen = batch.cursor, {batch.cursor}
    for _ in range(_PAGES_AT_MOST):
        try:
            page = await provider.page(reference, cursor)
        except (Rejected, NotFound):
            if cursor is None:
                raise
            # Cursors expire; the calls are still there from the beginning.
            await runtime.ledger.run(advancing.restart_sweep, batch.id)
            return
        saved = await runtime.ledger.run(
            calls.save_page,
            batch.id,
            page,
            cursor_before=cursor,
            round_before=batch.round,
            now=runtime.clock.now(),
            policy=batch.spec.policy,
            own_only=provider.capabilities.lists_only_own,
        )
        if page.next is None or not saved.advanced:
            return
        if page.next in seen:
            raise Unreadable("the provider's cursor goes round in circles")
        seen.add(page.next)
        cursor = page.next
    raise Unreadable("the provider's pages do not come to an end")


async def read_details(
    runtime: Runtime, batch: BatchView, provider: Provider, policy: Policy
) -> None:
    """Read singly the calls whose list row lacks something, a few at a time."""
    due = await runtime.ledger.run(calls.due_details, batch.id, runtime.clock.now(), limit=10_000)
    gate = asyncio.Semaphore(policy.parallel_details)

    async def one(call_id: str) -> None:
        async with gate:
            listed = await _detail(provider, call_id)
            await runtime.ledger.run(
                calls.save_detail,
                batch.id,
                call_id,
                listed,
                now=runtime.clock.now(),
                policy=batch.spec.policy,
            )

    async with asyncio.TaskGroup() as group:
        for call_id in due:
            group.create_task(one(call_id))


async def _detail(provider: Provider, call_id: str) -> ListedCall | None:
    """None: it could not be read this time, which counts as a try."""
    try:
        return await provider.detail(call_id)
    except ProviderError:
        return None


async def settle(runtime: Runtime, batch_id: str, policy: Policy) -> Settled:
    """Decide from the ledger's rows whether the batch is over, and when to look at it again."""
    batch, provider, _ = await _open(runtime, batch_id)
    ledger, now = runtime.ledger, runtime.clock.now()
    native = provider.capabilities.native_batch
    settled = await ledger.run(advancing.settle, batch_id, now, own_progress=not native)
    if settled.state is BatchState.SETTLED:
        if batch.state is BatchState.SETTLED:
            await ledger.run(advancing.swept_late, batch_id)
        return settled
    await ledger.run(
        advancing.schedule,
        batch_id,
        now + _pause(batch, settled, provider, policy, runtime),
        _note(batch, settled),
    )
    return settled


def _pause(
    batch: BatchView, settled: Settled, provider: Provider, policy: Policy, runtime: Runtime
) -> timedelta:
    counted, polling = settled.tally, batch.spec.polling
    elapsed = runtime.clock.now() - batch.created_at
    if counted.undecided or counted.unstarted_submissions or not counted.accepted_submissions:
        return polling.min
    if not counted.done and elapsed < policy.first_look:
        return min(policy.first_look - elapsed, polling.max)
    return next_look(
        polling,
        elapsed=elapsed,
        done=counted.done,
        total=counted.done + counted.submitted,
        page=provider.capabilities.page_limit,
    )


def _note(batch: BatchView, settled: Settled) -> str:
    counted = settled.tally
    if settled.state is BatchState.SUBMITTING:
        return f"{counted.planned_submissions} to submit, {counted.doubtful_submissions} in doubt"
    if settled.state is BatchState.HELD:
        return f"{counted.held_submissions} in doubt and held, still looked for"
    if batch.progress is Progress.SCHEDULED:
        return "scheduled at the provider"
    return f"{counted.submitted} calls without a result yet"


async def _bear(runtime: Runtime, batch: BatchView, error: ProviderError) -> None:
    due_at = runtime.clock.now() + after_failure(batch.spec.polling, batch.failures)
    note = f"the provider could not be read: {error}"
    await runtime.ledger.run(advancing.failed, batch.id, due_at, note)
