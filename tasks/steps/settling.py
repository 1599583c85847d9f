"""Decide whether a batch is over, and when to look at it again."""

from datetime import datetime, timedelta

from campaign.pace import clamp, next_look
from campaign.states import BatchState, CampaignState
from campaign.words import Progress
from providers.port import Provider
from store.batches import advancing
from store.batches import views as batches
from store.batches.advancing import Settled
from store.batches.reach import reach
from store.batches.views import BatchView
from store.submissions import starting, surplus, timing
from tasks.steps.agenda import Agenda, Verb
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

_OVER = (BatchState.SETTLED, BatchState.HELD)


async def settle(runtime: Runtime, batch_id: str, policy: Policy, step: Agenda) -> Settled:
    """Decide from the ledger's rows whether the batch is over, and when to look at it again.

    `step`: what was done for it just now.
    """
    ledger, now = runtime.ledger, runtime.clock.now()
    batch = await ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    native = provider.capabilities.native_batch
    await ledger.run(starting.started_by_its_calls, batch_id, now)
    settled = await ledger.run(advancing.settle, batch_id, now, own_progress=not native)
    if settled.state in _OVER and settled.state is batch.state:
        await ledger.run(advancing.swept_late, batch_id)
    send_at = await ledger.run(timing.to_be_sent_at, batch_id, now)
    look_at = await ledger.run(timing.looked_for_at, batch_id, now)
    stop_at = await ledger.run(surplus.next_due, batch_id)
    moments = [
        now if await _asks_stop(runtime, batch, step) else None,
        None if stop_at is None else max(stop_at, now + batch.spec.polling.min),
        # What is due and was not done waits for something else, such as a free line.
        None if send_at is None else max(send_at, now + _pause(batch)),
        None if look_at is None else max(look_at, now + batch.spec.polling.min),
        await ledger.run(advancing.late_sweep_at, batch_id, now)
        if settled.state in _OVER
        else _look_at(batch, settled, provider, policy, now),
        _closes_at(batch, settled, now) if native else None,
    ]
    due_at = min((moment for moment in moments if moment is not None), default=None)
    if due_at is None and _waits_to_stop(batch, settled):
        due_at = now + batch.spec.polling.min
    note = _note(batch, settled, due_at)
    await ledger.run(advancing.schedule, batch, due_at, note, stepped_at=now)
    return settled


async def _asks_stop(runtime: Runtime, batch: BatchView, step: Agenda) -> bool:
    """Whether a stop has become due in the middle of a step: asked for, or for what turned up.

    One that failed has its own time, and one that a doubt is waiting for is due when it turns up.
    """
    wanted = batch.stop_asked_at is not None and batch.stopped_at is None
    if not wanted or step.waits or step.stop_failed:
        return False
    if Verb.STOP not in step.verbs:
        return True
    return bool(await runtime.ledger.run(reach, batch.id) - step.reach)


def _waits_to_stop(batch: BatchView, settled: Settled) -> bool:
    """Whether a stop waits for what another runner has on its way just now."""
    wanted = batch.stop_asked_at is not None and batch.stopped_at is None
    return wanted and settled.tally.undecided


def _pause(batch: BatchView) -> timedelta:
    """Until it is seen whether something can be sent now; not soon if the campaign has to go on."""
    polling = batch.spec.polling
    return polling.min if batch.campaign_state is CampaignState.RUNNING else polling.max


def _look_at(
    batch: BatchView, settled: Settled, provider: Provider, policy: Policy, now: datetime
) -> datetime | None:
    """When to look at the calls next; None: there are none to look at."""
    counted, polling = settled.tally, batch.spec.polling
    if not counted.accepted_submissions:
        return None
    if batch.failures and batch.due_at is not None and batch.due_at > now:
        return batch.due_at  # The look has just failed, and said when to try again.
    elapsed = now - batch.created_at
    if not counted.done and elapsed < policy.first_look:
        return now + min(policy.first_look - elapsed, polling.max)
    if settled.state is BatchState.SUBMITTING and not counted.submitted:
        # Its calls are over; what is in doubt or to be sent beside them has a time of its own.
        return now + clamp(elapsed / 2, polling)
    return now + next_look(
        polling,
        elapsed=elapsed,
        done=counted.done,
        total=counted.done + counted.submitted,
        page=provider.capabilities.page_limit,
    )


def _closes_at(batch: BatchView, settled: Settled, now: datetime) -> datetime | None:
    """When the provider is asked to begin no further call; None: it need not be."""
    closes_at = settled.tally.closes_at
    if closes_at is None or batch.stop_asked_at is not None or not settled.tally.submitted:
        return None
    # It is asked before this is looked at: what was not done is not to be tried without a pause.
    return max(closes_at, now + batch.spec.polling.min)


def _note(batch: BatchView, settled: Settled, due_at: datetime | None) -> str:
    counted = settled.tally
    if batch.failures:
        return batch.note
    if settled.state is BatchState.SETTLED:
        return "closed" if due_at is None else "settled; swept again for late fields"
    if settled.state is BatchState.SUBMITTING:
        return f"{counted.planned_submissions} to submit, {counted.doubtful_submissions} in doubt"
    if settled.state is BatchState.HELD:
        return f"{counted.held_submissions} in doubt and held, still looked for"
    if batch.progress is Progress.SCHEDULED:
        return "scheduled at the provider"
    return f"{counted.submitted} calls without a result yet"
