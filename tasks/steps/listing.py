"""Read a campaign's list into the ledger."""

import asyncio

from store import campaigns, recipients
from store.intake import importing
from tasks.steps.runtime import Runtime


async def import_recipients(
    runtime: Runtime, campaign_id: str, flow_run_id: str | None, *, strict: bool
) -> None:
    """Read the list, once for each flow run: one that is resumed goes on without reading it again.

    Whoever is in the campaign already stays as he is. Into a campaign that is held to a plan nobody
    comes any more. Raises `BadInput`.
    """
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    if campaign.held_to_plan(campaign.spec):
        return
    if flow_run_id and await runtime.ledger.run(recipients.imported_by, campaign_id, flow_run_id):
        return
    await asyncio.to_thread(
        importing.import_recipients,
        runtime.ledger,
        campaign_id,
        runtime.clock.now(),
        strict=strict,
        flow_run_id=flow_run_id,
    )
