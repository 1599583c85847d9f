"""Settle a doubt: look the submission up by its tag, adopt what is found, hold what is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.calls import Found
from campaign.errors import ProviderError, RateLimited, Unauthorized
from campaign.pace import next_lookup
from campaign.states import SubmissionState
from providers.port import Provider
from store.batches import views as batches
from store.batches.views import BatchView
from store.decisions import incidents
from store.submissions import adopting, doubting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.agenda import IN_DOUBT, looked_for
from tasks.steps.duplicates import stop_surplus
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_CAME_TO_NOTHING = (SubmissionState.REJECTED, SubmissionState.ABANDONED)
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

    @property
    def two_phase(self) -> bool:
        """Creating rings nobody."""
        return self.provider.capabilities.two_phase_start


async def find(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Look up every submission of the batch that is in doubt and due, and stop what is surplus.

    Found: adopted, late or not. Not found proves nothing: looked for again; after the quiet time
    held, and looked for still. Only where creating rings nobody is it created anew. What was sent
    again after a doubt, or given up, is looked for when it is decided, too, even if it was refused.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    search = _Search(runtime, batch, provider, policy)
    for submission in await runtime.ledger.run(looked_for, batch_id, runtime.clock.now()):
        await _look(search, submission)
    await stop_surplus(runtime, batch, provider)


async def _look(search: _Search, submission: SubmissionView) -> None:
    reference = await search.runtime.ledger.run(submissions.reference, submission.tag)
    try:
        found = await search.provider.find(reference)
    except ProviderError as error:
        if submission.state in IN_DOUBT:
            await _failed(search, submission, error)
        else:
            await _look_later(search, submission)
        return
    if search.two_phase and submission.state in _CAME_TO_NOTHING:
        # What rings nobody is not worth bringing back.
        found = [one for one in found if one.dialling]
    if submission.state is SubmissionState.ACCEPTED:
        await _found_beside(search, submission, found)
    elif not found or not await _adopted(search, submission, found):
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


async def _adopted(search: _Search, submission: SubmissionView, found: list[Found]) -> bool:
    ledger, now = search.runtime.ledger, search.runtime.clock.now()
    return await ledger.run(adopting.adopt, submission.tag, found, now, two_phase=search.two_phase)


async def _found_beside(search: _Search, submission: SubmissionView, found: list[Found]) -> None:
    """A request of before a person vouched that there was none: what came of it is surplus."""
    ledger, now = search.runtime.ledger, search.runtime.clock.now()
    await ledger.run(adopting.found_again, submission.tag, found, now, two_phase=search.two_phase)
    await _look_later(search, submission)


async def _look_later(search: _Search, submission: SubmissionView) -> None:
    now = search.runtime.clock.now()
    await search.runtime.ledger.run(doubting.look_later, submission.tag, now)


async def _not_found(search: _Search, submission: SubmissionView) -> None:
    if submission.state not in IN_DOUBT:
        await _look_later(search, submission)
        return
    ledger, now, tag = search.runtime.ledger, search.runtime.clock.now(), submission.tag
    looks = submission.looks + 1
    later = now + next_lookup(looks)
    await ledger.run(doubting.looked_in_vain, tag, submission.looks, now, later)
    if looks < _LEAST_LOOKS:
        return
    if search.two_phase:
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
