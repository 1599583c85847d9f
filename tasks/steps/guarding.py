"""Before anything is sent: proof that the ledger is no old copy of itself, such as a backup.

A copy does not know what was submitted since, and would dial the same people again. The provider
does know.
"""

import hashlib
from collections.abc import Sequence

from campaign.errors import ProviderError
from campaign.tags import tag_prefix
from providers.port import Provider
from store import campaigns
from store.accounts import pacing
from store.accounts.pacing import Wait
from store.batches.views import BatchView
from store.decisions import incidents
from store.submissions import views as submissions
from tasks.steps.collecting import bear
from tasks.steps.runtime import Runtime

RESTORED = "restored_ledger"
"""The kind of the incident; whoever resolves it vouches for the submissions that were shown."""
_NAMED = 3


async def may_send(runtime: Runtime, batch: BatchView, provider: Provider) -> bool:
    """Whether this ledger knows of everything of the campaign that the provider shows.

    Asked once in the life of a runner. Otherwise an incident is reported, and nothing is sent. A
    provider that cannot be asked now is asked again later, and the batch waits until then.
    """
    proof = (batch.campaign_id, batch.provider)
    if proof in runtime.proved:
        return True
    campaign = await runtime.ledger.run(campaigns.get, batch.campaign_id)
    try:
        shown = await provider.tags(campaign.created_at)
    except ProviderError as error:
        wait = Wait(until=await bear(runtime, batch, error), reason="the provider cannot be read")
        await runtime.ledger.run(pacing.put_off, batch.id, wait)
        return False
    ours = {tag for tag in shown if tag.startswith(tag_prefix(batch.campaign_id))}
    # Asked last: what another runner sends meanwhile has its wire mark before it is shown.
    unknown = ours - await runtime.ledger.run(submissions.sent_tags, batch.campaign_id)
    if unknown and not await _vouched_for(runtime, batch, unknown):
        return False
    runtime.proved.add(proof)
    return True


def ask_again(runtime: Runtime, batch: BatchView) -> None:
    """Let the next submit ask the provider anew, whose answer also tells the time there."""
    runtime.proved.discard((batch.campaign_id, batch.provider))


async def _vouched_for(runtime: Runtime, batch: BatchView, unknown: set[str]) -> bool:
    """Whether a person has looked at each of them; otherwise stop the campaign until one has."""
    known = await runtime.ledger.run(incidents.known_about, batch.campaign_id, RESTORED)
    if all(known.get(tag, False) for tag in unknown):
        return True
    now, shown = runtime.clock.now(), sorted(unknown - known.keys())
    detail = (
        f"{batch.provider} has {len(unknown)} submissions of this campaign that this ledger has"
        " never sent: it seems to be an older copy of the one that did"
    )
    if shown:
        # What is shown later was not looked at: it is an incident of its own.
        digest = hashlib.sha256(" ".join(shown).encode()).hexdigest()[:8]
        await runtime.ledger.run(
            incidents.report,
            batch.campaign_id,
            batch.id,
            RESTORED,
            subject=f"{batch.campaign_id}/{batch.provider}/{digest}",
            detail=f"{detail} ({_named(shown)})",
            now=now,
            about=shown,
        )
    await runtime.ledger.run(incidents.attention, batch.campaign_id, detail, now)
    return False


def _named(tags: Sequence[str]) -> str:
    more = f" and {len(tags) - _NAMED} more" if len(tags) > _NAMED else ""
    return ", ".join(tags[:_NAMED]) + more
