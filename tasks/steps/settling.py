"""Decide whether a batch is over, and when to look at it again."""

from datetime import timedelta

from campaign.pace import next_look
from campaign.states import BatchState
from campaign.words import Progress
from providers.port import Provider
from store.batches import advancing
from store.batches.advancing import Settled
from store.batches.views import BatchView
from tasks.steps.collecting import open_batch
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime


async def settle(runtime: Runtime, batch_id: str, policy: Policy) -> Settled:
    """Decide from the ledger's rows whether the batch is over, and when to look at it again."""
    batch, provider, _ = await open_batch(runtime, batch_id)
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
