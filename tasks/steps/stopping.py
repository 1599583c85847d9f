"""Have a provider place no further call of a batch, and send nothing more of it."""

from campaign.candidates import Ruling
from campaign.errors import ProviderError
from campaign.states import CampaignState, SubmissionState
from store.batches import advancing, reach
from store.batches import views as batches
from store.batches.views import BatchView
from store.submissions import screening, starting
from store.submissions import views as submissions
from tasks.steps.collecting import bear
from tasks.steps.runtime import Runtime

_CANCELLED = (CampaignState.CANCELLING, CampaignState.CANCELLED)
_NOT_OVER = (SubmissionState.PLANNED, SubmissionState.ACCEPTED)


async def stop(runtime: Runtime, batch_id: str) -> None:
    """Ask the provider to stop, as far as it can; safe to repeat.

    What was accepted so far is still collected. What was not sent, or created and not started,
    never will be: its people are skipped if the campaign was cancelled, and else called by another
    batch.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    await _begin_no_more(runtime, batch)
    asked = await runtime.ledger.run(reach.to_stop, batch_id)
    if asked.reference is not None:
        provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
        try:
            await provider.stop(asked.reference)
        except ProviderError as error:
            await bear(runtime, batch, error)
            return
    await runtime.ledger.run(advancing.stopped, batch_id, runtime.clock.now(), asked.reach)


async def ask_if_closing(runtime: Runtime, batch_id: str) -> None:
    """Have a batch stopped that its provider still dials when a window of its people closes."""
    batch = await runtime.ledger.run(batches.get, batch_id)
    if batch.stop_asked_at is not None or batch.state.over:
        return
    counted = await runtime.ledger.run(batches.tally, batch_id)
    now = runtime.clock.now()
    if counted.closes_at is None or counted.closes_at > now or not counted.submitted:
        return
    provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
    if provider.capabilities.native_batch:
        await runtime.ledger.run(advancing.ask_stop_of, batch_id, now)


async def _begin_no_more(runtime: Runtime, batch: BatchView) -> None:
    ledger, now = runtime.ledger, runtime.clock.now()
    ruling = Ruling.later(now, "its batch was stopped")
    if batch.campaign_state in _CANCELLED:
        ruling = Ruling.skip("the campaign was cancelled")
    for one in await ledger.run(submissions.of_batch, batch.id, _NOT_OVER):
        if await ledger.run(screening.call_off, one.tag, now, ruling):
            continue
        if one.state is SubmissionState.ACCEPTED and one.started_at is None:
            await ledger.run(
                starting.give_way, one.tag, now, "it was stopped: no start is sent again"
            )
