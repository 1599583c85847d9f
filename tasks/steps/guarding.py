"""Before anything is sent: proof that the ledger is no old copy of itself, such as a backup.

A copy does not know what was submitted since, and would dial the same people again. The provider
does know.
"""

import hashlib
from collections.abc import Collection, Sequence

from campaign.errors import BadInput, NotFound, ProviderError, Rejected, Unauthorized, Unsupported
from campaign.tags import tag_prefix
from providers.settings import key_variable
from store import campaigns
from store.accounts import pacing
from store.accounts.pacing import Wait
from store.batches import advancing
from store.batches.views import BatchView
from store.decisions import incidents
from store.failover import refusals
from store.submissions import deciding
from store.submissions import views as submissions
from tasks.steps.collecting import bear
from tasks.steps.runtime import Runtime

RESTORED = "restored_ledger"
"""The kind of the incident; whoever resolves it vouches for the submissions that were shown."""
_NAMED = 3
_MOST_FAILURES = 20
"""Looks that failed in a row, hours of them by `polling`, after which a person is told."""
_FOR_GOOD = (Unauthorized, Rejected, NotFound, Unsupported)


async def may_send(runtime: Runtime, batch: BatchView) -> bool:
    """Whether this ledger knows of everything of the campaign that its providers show.

    Asked once in the life of a runner, and anew when something is to be sent again. Otherwise an
    incident is reported, and nothing is sent. A provider that cannot be asked now is asked again
    later, and the batch waits until then; one that refuses, or fails time and again, is told to a
    person, and asked again by `outdial resume`. The other providers that its people may have been
    sent on to are asked as well, as far as they can be.
    """
    others = await runtime.ledger.run(refusals.goes_between, batch.campaign_id)
    put_back = await runtime.ledger.run(submissions.last_put_back, batch.id)
    for name in dict.fromkeys((batch.provider, *others)):
        proof = (batch.campaign_id, name)
        if runtime.proved.get(proof, -1) < put_back:
            if not await _is_no_copy(runtime, batch, name):
                return False
            runtime.proved[proof] = put_back
    return True


async def _is_no_copy(runtime: Runtime, batch: BatchView, name: str) -> bool:
    campaign = await runtime.ledger.run(campaigns.get, batch.campaign_id)
    try:
        provider = await runtime.provider(batch.campaign_id, batch.spec, name)
        shown = await provider.tags(campaign.created_at)
    except (BadInput, ProviderError) as error:
        if name != batch.provider:
            # Or an outage of one would stop them all, and with it what failover is for.
            return True
        if isinstance(error, BadInput):
            raise
        await _ask_later(runtime, batch, error)
        return False
    if batch.failures:
        await runtime.ledger.run(advancing.collected, batch.id)
    ours = {tag for tag in shown if tag.startswith(tag_prefix(batch.campaign_id))}
    # Asked last: what another runner sends meanwhile has its wire mark before it is shown.
    unknown = ours - await runtime.ledger.run(submissions.sent_tags, batch.campaign_id)
    if unknown and not await _vouched_for(runtime, batch, name, unknown):
        return False
    await _doubt_unsent(runtime, batch, ours, dials=not provider.capabilities.two_phase_start)
    return True


async def _ask_later(runtime: Runtime, batch: BatchView, error: ProviderError) -> None:
    until = await bear(runtime, batch, error)
    wait = Wait(until=until, reason=f"{batch.provider} cannot be read")
    await runtime.ledger.run(pacing.put_off, batch.id, wait, starts=True)
    if isinstance(error, _FOR_GOOD) or batch.failures + 1 >= _MOST_FAILURES:
        reason, now = _why_unasked(batch.provider, error), runtime.clock.now()
        await runtime.ledger.run(incidents.attention, batch.campaign_id, reason, now)
        # Counted anew once a person has had it asked again.
        await runtime.ledger.run(advancing.collected, batch.id)


async def _doubt_unsent(
    runtime: Runtime, batch: BatchView, shown: Collection[str], *, dials: bool
) -> None:
    """Have what is about to be sent again, and is shown, looked up and adopted instead.

    This ledger may be a copy of before it was; or it turned up after somebody vouched for it.
    """
    ledger, now = runtime.ledger, runtime.clock.now()
    reason = "the provider shows it, though it is to be sent"
    put_back = await ledger.run(submissions.put_back_tags, batch.campaign_id)
    for tag in sorted(put_back.intersection(shown)):
        await ledger.run(deciding.doubt_planned, tag, now, reason=reason, dials=dials)


def ask_again(runtime: Runtime, batch: BatchView) -> None:
    """Let the next submit ask the provider anew, whose answer also tells the time there."""
    runtime.proved.pop((batch.campaign_id, batch.provider), None)


def _why_unasked(provider: str, error: ProviderError) -> str:
    """What was asked of whom, why nothing came of it, and what a person can do."""
    remedy = "see whether it is up"
    if isinstance(error, Unauthorized):
        remedy = f"check {key_variable(provider)}, and what it may read"
    elif isinstance(error, Unsupported):
        remedy = "mend the campaign file"
    elif isinstance(error, _FOR_GOOD):
        remedy = "check the agent block and the base URL"
    return (
        f"{provider} could not be asked what it has of this campaign, so nothing is sent:"
        f" {error}; {remedy}, then `outdial resume` asks again"
    )


async def _vouched_for(runtime: Runtime, batch: BatchView, name: str, unknown: set[str]) -> bool:
    """Whether a person has looked at each of them; otherwise stop the campaign until one has."""
    known = await runtime.ledger.run(incidents.known_about, batch.campaign_id, RESTORED)
    if all(known.get(tag, False) for tag in unknown):
        return True
    now, shown = runtime.clock.now(), sorted(unknown - known.keys())
    detail = (
        f"{name} has {len(unknown)} submissions of this campaign that this ledger has"
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
            subject=f"{batch.campaign_id}/{name}/{digest}",
            detail=f"{detail} ({_named(shown)})",
            now=now,
            about=shown,
        )
    await runtime.ledger.run(incidents.attention, batch.campaign_id, detail, now)
    return False


def _named(tags: Sequence[str]) -> str:
    more = f" and {len(tags) - _NAMED} more" if len(tags) > _NAMED else ""
    return ", ".join(tags[:_NAMED]) + more
