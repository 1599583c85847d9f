"""Have a provider place no further call of a batch."""

from campaign.errors import ProviderError
from store.batches import advancing
from store.batches import views as batches
from tasks.steps.collecting import bear
from tasks.steps.runtime import Runtime


async def stop(runtime: Runtime, batch_id: str) -> None:
    """Ask the provider to stop, as far as it can; safe to repeat.

    What was accepted so far is still collected.
    """
    batch = await runtime.ledger.run(batches.get, batch_id)
    reference = await runtime.ledger.run(batches.reference, batch_id)
    if reference is not None:
        provider = await runtime.provider(batch.campaign_id, batch.spec, batch.provider)
        try:
            await provider.stop(reference)
        except ProviderError as error:
            await bear(runtime, batch, error)
            return
    await runtime.ledger.run(advancing.stopped, batch_id, runtime.clock.now())
