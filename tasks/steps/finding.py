"""Settle a doubt: look the submission up by its tag, adopt what is found, hold what is not."""

from datetime import timedelta

from campaign.calls import Found, Receipt
from campaign.errors import ProviderError, RateLimited
from campaign.pace import next_lookup
from campaign.states import SubmissionState
from providers.port import Provider
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions import deciding, doubting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.duplicates import stop_surplus
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_IN_DOUBT = (SubmissionState.UNKNOWN, SubmissionState.HELD)
_LEAST_LOOKS = 3


async def find(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Look up every submission of the batch that is in doubt and due.

    Found: adopted, late or not. Not found proves nothing: looked for again; after the quiet time
    held, and looked for still. Only where creating rings nobody is it created anew.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    for submission in await runtime.ledger.run(submissions.of_batch, batch_id, _IN_DOUBT):
        if submission.due_at is None or submission.due_at <= runtime.clock.now():
            await _look(runtime, batch, provider, submission, policy)


async def _look(
    runtime: Runtime,
    batch: BatchView,
    provider: Provider,
    submission: SubmissionView,
    policy: Policy,
) -> None:
    ledger, clock = runtime.ledger, runtime.clock
    reference = await ledger.run(submissions.reference, submission.tag)
    try:
        found = await provider.find(reference)
    except ProviderError as error:
        # A look-up that failed is no look: it does not count towards the quiet time.
        told = error.retry_after if isinstance(error, RateLimited) else None
        again = clock.now() + max(next_lookup(submission.looks), told or timedelta(0))
        await ledger.run(doubting.look_failed, submission.tag, clock.now(), again, str(error))
        return
    if found:
        await _adopt(runtime, batch, provider, submission, found)
    else:
        await _not_found(runtime, provider, submission, policy)


async def _adopt(
    runtime: Runtime,
    batch: BatchView,
    provider: Provider,
    submission: SubmissionView,
    found: list[Found],
) -> None:
    """Adopt the oldest, or the one that dials already; stop a surplus one, and report it."""
    now = runtime.clock.now()
    two_phase = provider.capabilities.two_phase_start
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
        await stop_surplus(runtime, batch, provider, submission.tag, other)


async def _not_found(
    runtime: Runtime, provider: Provider, submission: SubmissionView, policy: Policy
) -> None:
    ledger, now, tag = runtime.ledger, runtime.clock.now(), submission.tag
    looks = submission.looks + 1
    later = now + next_lookup(looks)
    await ledger.run(doubting.looked_in_vain, tag, submission.looks, now, later)
    if submission.state is SubmissionState.HELD or looks < _LEAST_LOOKS:
        return
    if provider.capabilities.two_phase_start:
        # Should the first turn up after all, it stays unstarted.
        await ledger.run(
            doubting.plan_again,
            tag,
            now,
            state=SubmissionState.UNKNOWN,
            reason="not found; creating again rings nobody",
        )
    elif now - (submission.wire_at or now) >= max(policy.quiet, 3 * _lag(provider)):
        reason = "sent, and neither confirmed nor found: nobody is called before this is settled"
        await ledger.run(doubting.hold, tag, now, look_at=later, reason=reason)


def _lag(provider: Provider) -> timedelta:
    return provider.capabilities.listing_lag
