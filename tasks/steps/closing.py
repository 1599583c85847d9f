"""Close the books of a campaign, from the rows and never from counters."""

from campaign.spec import expired
from campaign.states import CampaignState, RecipientState
from store import books, campaigns, recipients, sweeps
from store.allowance.room import standstill
from store.books import Books
from store.decisions import cancelling
from tasks.steps.runtime import Runtime


async def close_books(runtime: Runtime, campaign_id: str) -> Books:
    """Count what became of everybody and say so.

    `completed` if the books close, else `needs_attention`. One that is being cancelled is
    `cancelled` once its providers are quiet; one that was paused keeps its state. Whoever is still
    to be called when the campaign's time is over has expired.
    """
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    if campaign.state is CampaignState.CANCELLING:
        await runtime.ledger.run(cancelling.finish, campaign_id, runtime.clock.now())
    elif expired(campaign.spec, runtime.clock.now()):
        await runtime.ledger.run(
            recipients.close_ready, campaign_id, RecipientState.EXPIRED, "the campaign is over"
        )
    counted = await runtime.ledger.run(books.books, campaign_id)
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    await runtime.ledger.run(sweeps.set_handed_over, campaign_id, handed_over=False)
    if campaign.state is CampaignState.RUNNING:
        state = CampaignState.COMPLETED if counted.closes else CampaignState.NEEDS_ATTENTION
        now = runtime.clock.now()
        said = counted.in_words
        if not counted.closes:
            cause = await runtime.ledger.run(standstill, campaign_id, now)
            said = "; ".join(filter(None, [cause, said]))
        expected = CampaignState.RUNNING
        await runtime.ledger.run(
            campaigns.set_state, campaign_id, state, said, now, expected=expected
        )
    return counted
