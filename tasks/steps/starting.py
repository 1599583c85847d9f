"""Two-phase providers: prove that what was created is ours and whole, then start it."""

from campaign.candidates import Ruling
from campaign.drain import Drain
from campaign.errors import (
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    Stopped,
    Transient,
    Unauthorized,
    Unsupported,
)
from campaign.pace import after_failure
from campaign.rules.ruling import ruler
from campaign.states import SubmissionState
from providers.port import Starts
from store.accounts import pacing
from store.allowance import gate
from store.batches import views as batches
from store.batches.views import BatchView
from store.decisions import incidents
from store.submissions import history, screening, starting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.guarding import may_send
from tasks.steps.runtime import Runtime

_MOST_FAILURES = 20
"""Starts that failed, hours of them, after which what was created is left to itself."""


async def start(runtime: Runtime, batch_id: str) -> None:
    """Start the batch's created submissions that are due. By id, so that repeating it is safe."""
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    if not isinstance(provider, Starts):
        return
    waiting = await _waiting(runtime, batch_id)
    # A start rings people as a submission does, and an old copy would start what was paused since.
    if not waiting or not await may_send(runtime, batch):
        return
    for submission in waiting:
        await _start_one(runtime, batch, provider, submission)


async def _waiting(runtime: Runtime, batch_id: str) -> list[SubmissionView]:
    ledger, now = runtime.ledger, runtime.clock.now()
    accepted = await ledger.run(submissions.of_batch, batch_id, (SubmissionState.ACCEPTED,))
    return [
        one
        for one in accepted
        if one.started_at is None and (one.due_at is None or one.due_at <= now)
    ]


async def _start_one(
    runtime: Runtime, batch: BatchView, provider: Starts, submission: SubmissionView
) -> None:
    ledger, clock, tag = runtime.ledger, runtime.clock, submission.tag
    reference = await ledger.run(submissions.reference, tag)
    first_time = submission.start_wire_at is None
    if first_time:
        if await _called_off(runtime, batch, submission, len(reference.keys)):
            return
    elif await _gave_way(runtime, batch, tag):
        return

    async def fence() -> None:
        job, now = reference.provider_batch_id or "", clock.now()
        quota = runtime.account(batch.provider).quota(batch.spec.limits)
        judge = ruler(batch.spec, now)
        await ledger.run(pacing.mark_start, tag, job, quota, now=now, judge=judge)

    try:
        if first_time:
            await provider.verify(reference)
        await provider.start(reference, fence)
    except (ProviderError, Stopped) as error:
        await _try_again(runtime, batch, tag, error)
    else:
        await ledger.run(starting.started, tag, clock.now())


async def _called_off(
    runtime: Runtime, batch: BatchView, submission: SubmissionView, people: int
) -> bool:
    """Give the batch up if it would end too late, or somebody in it may not be called any more.

    Nobody can be taken out of it. Or if the campaign's budget no longer covers it.
    """
    now, limits, tag = runtime.clock.now(), batch.spec.limits, submission.tag
    if await runtime.ledger.run(gate.called_off, tag, now):
        return True
    drain = Drain(now, limits.concurrency_of_a_batch, limits.call_length)
    judge = ruler(batch.spec, now)
    why = ""
    if not drain.ends_before(submission.stop_at, people):
        why = "its batch would not end before a window closes"
    elif await runtime.ledger.run(screening.anybody_uncallable, tag, now, judge):
        why = "somebody in its batch may not be called any more"
    if not why:
        return False
    return await runtime.ledger.run(screening.call_off, tag, now, Ruling.later(now, why))


async def _gave_way(runtime: Runtime, batch: BatchView, tag: str) -> bool:
    """Have a batch that may have been started stopped if it may not be started any more."""
    now = runtime.clock.now()
    judge = ruler(batch.spec, now)
    uncallable = screening.anybody_uncallable
    if not await runtime.ledger.run(uncallable, tag, now, judge, again=True):
        return False
    reason = "somebody in it may not be called any more: it is not started again"
    await runtime.ledger.run(starting.give_way, tag, now, reason)
    return True


async def _try_again(
    runtime: Runtime, batch: BatchView, tag: str, error: ProviderError | Stopped
) -> None:
    ledger, now = runtime.ledger, runtime.clock.now()
    pause = error.retry_after if isinstance(error, RateLimited) else None
    failures = await ledger.run(history.times, tag, "start_failed", "start_refused")
    if pause is None:
        stops = await ledger.run(history.times, tag, "start_stopped")
        pause = after_failure(batch.spec.polling, failures + stops)
    event = _event(error)
    await ledger.run(starting.start_again_at, tag, now + pause, now, reason=str(error), event=event)
    too_often = event != "start_stopped" and failures + 1 >= _MOST_FAILURES
    if isinstance(error, (Rejected, Unauthorized, NotFound)) or too_often:
        reason = f"{batch.provider}: batch {batch.no} could not be started: {error}"
        await ledger.run(incidents.attention, batch.campaign_id, reason, now)
    if too_often:
        await _give_up(runtime, tag, str(error))


def _event(error: ProviderError | Stopped) -> str:
    """Tell what is not counted, what surely did nothing, and what may have been a start."""
    if isinstance(error, (Stopped, RateLimited)):
        return "start_stopped"
    refused = isinstance(error, (Rejected, Unauthorized, NotFound, Transient, Unsupported))
    return "start_refused" if refused else "start_failed"


async def _give_up(runtime: Runtime, tag: str, error: str) -> None:
    """Its people are called by another batch, unless a start may have worked."""
    now, reason = runtime.clock.now(), f"it could not be started, time and again: {error}"
    if not await runtime.ledger.run(screening.call_off, tag, now, Ruling.later(now, reason)):
        await runtime.ledger.run(starting.give_way, tag, now, reason)
