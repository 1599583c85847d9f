"""What the provider has twice: stopped if it can be, and reported in any case."""

from contextlib import suppress
from dataclasses import replace

from campaign.calls import BatchRef, Found
from campaign.errors import ProviderError
from providers.port import Provider
from store.batches.views import BatchView
from store.decisions import incidents
from store.submissions import views as submissions
from tasks.steps.runtime import Runtime


async def stop_surplus(
    runtime: Runtime, batch: BatchView, provider: Provider, tag: str, surplus: Found
) -> None:
    """Have a batch that should not be place no further call, and the campaign send nothing more.

    What was created and never started rings nobody, and is left alone.
    """
    if provider.capabilities.two_phase_start and not surplus.dialling:
        return
    reference = await runtime.ledger.run(submissions.reference, tag)
    its_batch = BatchRef(
        submissions=(replace(reference, provider_batch_id=surplus.provider_batch_id),),
        open_calls={call_id: key for key, call_id in surplus.call_ids.items()},
    )
    with suppress(ProviderError):  # The incident tells in any case.
        await provider.stop(its_batch)
    await runtime.ledger.run(
        incidents.report,
        batch.campaign_id,
        batch.id,
        "duplicate_submission",
        subject=_name(surplus),
        detail=f"{tag} exists twice at {batch.provider}",
        now=runtime.clock.now(),
    )


def _name(surplus: Found) -> str:
    """A provider without batches has only calls to name."""
    return ",".join([surplus.provider_batch_id, *sorted(surplus.call_ids.values())[:3]])
