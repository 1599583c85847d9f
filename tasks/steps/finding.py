"""Settle a doubt: look the submission up by its tag, adopt what is found, hold what is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.calls import Found, Receipt
from campaign.errors import ProviderError, RateLimited, Unauthorized
from campaign.pace import next_lookup
from campaign.states import SubmissionState
from providers.port import Provider
from store.batches import views as batches
from store.batches.views import BatchView
from store.decisions import incidents
from store.submissions import deciding, doubting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.duplicates import stop_surplus
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_IN_DOUBT = (SubmissionState.UNKNOWN, SubmissionState.HELD)
_LEAST_LOOKS = 3
_MOST_FAILURES = 8
"""Look-ups that failed in a row, half an hour of them, after which nobody waits for the next."""


@dataclass(frozen=True, slots=True)
class _Search:
    """Where the doubts of one batch are looked for."""

    runtime: Runtime
    batch: BatchView
    provider: Provider
    policy: Policy


async def find(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Look up every submission of the batch that is in doubt and due.

    Found: adopted, late or not. Not found proves nothing: looked for again; after the quiet time
    held, and looked for still. Only where creating rings nobody is it created anew.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    search = _Search(runtime, batch, provider, policy)
    for submission in await runtime.ledger.run(submissions.of_batch, batch_id, _IN_DOUBT):
        if submission.due_at is None or submission.due_at <= runtime.clock.now():
            await _look(search, submission)


async def _look(search: _Search, submission: SubmissionView) -> None:
    reference = await search.runtime.ledger.run(submissions.reference, submission.tag)
    try:
        found = await search.provider.find(reference)
    except ProviderError as error:
        await _failed(search, submission, error)
        return
    if found:
        await _adopt(search, submission, found)
    else:
        await _not_found(search, submission)


async def _failed(search: _Search, submission: SubmissionView, error: ProviderError) -> None:
    """A look-up that failed is no look. After too many in a row the doubt is held all the same."""
    ledger, now, tag = search.runtime.ledger, search.runtime.clock.now(), submission.tag
    told = error.retry_after if isinstance(error, RateLimited) else None
    failed = await ledger.run(
        doubting.look_failed, tag, now, told=told or timedelta(0), reason=str(error)
    )
    if isinstance(error, Unauthorized):
        reason = f"{search.batch.provider}: what is in doubt cannot be looked for: {error}"
        await ledger.run(incidents.attention, search.batch.campaign_id, reason, now)
    if failed >= _MOST_FAILURES and _quiet_is_over(search, submission, now):
        later = now + next_lookup(submission.looks + failed)
        reason = f"sent, not confirmed, and it cannot be looked for: {error}"
        await ledger.run(doubting.hold, tag, now, look_at=later, reason=reason)


async def _adopt(search: _Search, submission: SubmissionView, found: list[Found]) -> None:
    """Adopt the oldest, or the one that dials already; stop a surplus one, and report it."""
    runtime, now = search.runtime, search.runtime.clock.now()
    two_phase = search.provider.capabilities.two_phase_start
    first, *surplus = sorted(found, key=lambda one: (not one.dialling, one.created_at or now))
    receipt = Receipt(provider_batch_id=first.provider_batch_id, call_ids=first.call_ids)
    await runtime.ledger.run(
        deciding.accept,
        submission.tag,
        receipt,
        now,
        dials=first.dialling or not two_phase,
        event="adopted",
    )
    for other in surplus:
        await stop_surplus(runtime, search.batch, search.provider, submission.tag, other)


async def _not_found(search: _Search, submission: SubmissionView) -> None:
    ledger, now, tag = search.runtime.ledger, search.runtime.clock.now(), submission.tag
    looks = submission.looks + 1
    later = now + next_lookup(looks)
    await ledger.run(doubting.looked_in_vain, tag, submission.looks, now, later)
    if looks < _LEAST_LOOKS:
        return
    if search.provider.capabilities.two_phase_start:
        # Should the first turn up after all, it stays unstarted.
        await ledger.run(
            doubting.plan_again,
            tag,
            now,
            state=submission.state,
            reason="not found; creating again rings nobody",
        )
    elif submission.state is SubmissionState.UNKNOWN and _quiet_is_over(search, submission, now):
        reason = "sent, and neither confirmed nor found: nobody is called before this is settled"
        await ledger.run(doubting.hold, tag, now, look_at=later, reason=reason)


def _quiet_is_over(search: _Search, submission: SubmissionView, now: datetime) -> bool:
    quiet = max(search.policy.quiet, 3 * search.provider.capabilities.listing_lag)
    return now - (submission.wire_at or now) >= quiet
