"""Bring results home: look at the batch, page through its calls, read details."""

import asyncio
from contextlib import suppress
from datetime import datetime

from campaign.calls import BatchRef, ListedCall
from campaign.errors import NotFound, ProviderError, RateLimited, Rejected, Unreadable
from campaign.pace import after_failure
from providers.port import Provider
from store import calls
from store.batches import advancing
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions.surplus import batches_beside
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_PATIENCE = 5
"""Failures in a row after which a sweep that cannot be read begins again."""
_PAGES_AT_MOST = 20_000
"""Of one sweep: a provider that never comes to an end is not followed for ever."""


async def poll(runtime: Runtime, batch_id: str) -> None:
    """Look once at the provider's batch and note how far it is.

    A failed look is borne: it ends nothing.
    """
    batch, provider, reference = await open_batch(runtime, batch_id)
    if reference is None or not provider.capabilities.native_batch:
        return
    try:
        status = await provider.status(reference)
    except ProviderError as error:
        await bear(runtime, batch, error)
    else:
        now = runtime.clock.now()
        await runtime.ledger.run(
            advancing.looked, batch_id, status.progress, now, total=status.total
        )


async def collect(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Go on with the sweep through the batch's calls, then read the details that are due.

    Page and cursor are committed together. Two runners at the same batch do no harm: the slower
    one's page is refused and it leaves.
    """
    batch, provider, reference = await open_batch(runtime, batch_id)
    if reference is None:
        return
    try:
        await _sweep(runtime, batch, provider, reference)
        await _sweep_beside(runtime, batch, provider)
        await read_details(runtime, batch, provider, policy)
    except ProviderError as error:
        if isinstance(error, Unreadable) and batch.failures % _PATIENCE == _PATIENCE - 1:
            # Perhaps it is this place in the list that cannot be read.
            await runtime.ledger.run(advancing.restart_sweep, batch_id)
        await bear(runtime, batch, error)
    else:
        if not _has_just_failed(batch, runtime.clock.now()):
            await runtime.ledger.run(advancing.collected, batch_id)


def _has_just_failed(batch: BatchView, now: datetime) -> bool:
    """Whether the poll before this sweep failed, and said when to look again."""
    return batch.failures > 0 and batch.due_at is not None and batch.due_at > now


async def open_batch(
    runtime: Runtime, batch_id: str
) -> tuple[BatchView, Provider, BatchRef | None]:
    """Return what a look at a batch needs; no reference as long as nothing is accepted."""
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


async def _sweep_beside(runtime: Runtime, batch: BatchView, provider: Provider) -> None:
    """Read all calls of surplus batches: no list of this batch shows them, and none may be lost."""
    for surplus in await runtime.ledger.run(batches_beside, batch.id):
        cursor: str | None = None
        with suppress(NotFound, Rejected):  # It was stopped before it had calls.
            for _ in range(_PAGES_AT_MOST):
                page = await provider.page(surplus.batch, cursor)
                await runtime.ledger.run(
                    calls.save_beside,
                    batch.id,
                    page,
                    now=runtime.clock.now(),
                    policy=batch.spec.policy,
                    own_only=provider.capabilities.lists_only_own,
                )
                cursor = page.next
                if cursor is None:
                    break


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
                unit=batch.spec.polling.min,
            )

    outcomes = await asyncio.gather(*map(one, due), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _detail(provider: Provider, call_id: str) -> ListedCall | None:
    """None: it could not be read this time, which counts as a try.

    Raises `RateLimited`: we have not been let try.
    """
    try:
        return await provider.detail(call_id)
    except RateLimited:
        raise
    except ProviderError:
        return None


async def bear(runtime: Runtime, batch: BatchView, error: ProviderError) -> datetime:
    """Note a look that failed; it is tried again, a little later each time. Returns when."""
    wait = error.retry_after if isinstance(error, RateLimited) else None
    pause = after_failure(batch.spec.polling, batch.failures)
    due_at = runtime.clock.now() + max(pause, wait or pause)
    note = f"the provider could not be read: {error}"
    await runtime.ledger.run(advancing.failed, batch.id, due_at, note)
    return due_at
