"""What the provider has twice: stopped if it can be."""

from campaign.errors import ProviderError, RateLimited
from campaign.pace import after_failure
from providers.port import Provider
from store.batches.views import BatchView
from store.submissions import surplus
from tasks.steps.runtime import Runtime


async def stop_surplus(runtime: Runtime, batch: BatchView, provider: Provider) -> None:
    """Have whatever should not be place no further call. What fails is due again, later."""
    ledger, clock = runtime.ledger, runtime.clock
    for tag, one in await ledger.run(surplus.to_stop, batch.id, clock.now()):
        try:
            await provider.stop(one.batch)
        except ProviderError as error:
            told = error.retry_after if isinstance(error, RateLimited) else None
            pause = after_failure(batch.spec.polling, one.failures)
            pause = max(pause, told or pause)
            await ledger.run(surplus.stop_failed, tag, one.name, clock.now(), pause)
        else:
            await ledger.run(surplus.stopped, tag, one.name, clock.now())
