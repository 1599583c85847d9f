"""Two-phase providers: prove that what was created is ours and whole, then start it."""

from campaign.errors import ProviderError, Rejected, Stopped, Unauthorized
from campaign.pace import after_failure
from campaign.states import SubmissionState
from providers.port import Starts
from store import incidents
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions import starting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps.runtime import Runtime


async def start(runtime: Runtime, batch_id: str) -> None:
    """Start the batch's created submissions that are due. By id, so that repeating it is safe."""
    batch = await runtime.ledger.run(batches.get, batch_id)
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    if not isinstance(provider, Starts):
        return
    accepted = await runtime.ledger.run(submissions.of_batch, batch_id, (SubmissionState.ACCEPTED,))
    for submission in accepted:
        waits = submission.due_at is not None and submission.due_at > runtime.clock.now()
        if submission.started_at is None and not waits:
            await _start_one(runtime, batch, provider, submission)


async def _start_one(
    runtime: Runtime, batch: BatchView, provider: Starts, submission: SubmissionView
) -> None:
    ledger, clock, tag = runtime.ledger, runtime.clock, submission.tag
    reference = await ledger.run(submissions.reference, tag)

    async def fence() -> None:
        await ledger.run(starting.mark_start, tag, clock.now())

    try:
        if submission.start_wire_at is None:
            await provider.verify(reference)
        await provider.start(reference, fence)
    except (ProviderError, Stopped) as error:
        pause = after_failure(batch.spec.polling, batch.failures)
        await ledger.run(starting.start_again_at, tag, clock.now() + pause, clock.now(), str(error))
        if isinstance(error, (Rejected, Unauthorized)):
            await ledger.run(
                incidents.attention,
                batch.campaign_id,
                f"{batch.provider}: batch {batch.no} could not be started: {error}",
                clock.now(),
            )
    else:
        await ledger.run(starting.started, tag, clock.now())
