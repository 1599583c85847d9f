"""Adopt by hand what a provider bears out."""

from typing import NoReturn

from sqlalchemy import Connection

from campaign.calls import Receipt
from campaign.errors import BadInput, Fault
from outdial.capabilities import of_campaign
from outdial.evidence import call_at, submission_at
from outdial.settling import Matter, refuse_stale
from providers.port import Provider
from store.batches import views as batches
from store.batches.views import BatchView
from store.decisions import holding, people
from store.decisions.adopting import adopt_call
from store.decisions.holding import Decider
from store.submissions import views as submissions
from tasks.steps.runtime import Runtime, open_runtime


async def adopt_by_hand(
    matter: Matter, provider_id: str, decider: Decider, *, not_started: bool, unchecked: bool
) -> None:
    """Take a submission in doubt for accepted by this id.

    Raises `BadInput` if it is another one's, the provider does not bear it out or cannot be asked,
    or somebody else was faster.
    """
    async with open_runtime() as runtime:
        ledger, tag = runtime.ledger, matter.tag
        batch = await ledger.run(_batch_of, tag)
        await ledger.run(_refuse_known, batch.provider, tag, provider_id)
        receipt = await ledger.run(_said, batch, tag, provider_id)
        if not unchecked:
            receipt = await submission_at(
                await _provider(runtime, batch),
                batch.provider,
                await ledger.run(submissions.reference, tag),
                provider_id,
                not_started=not_started,
            )
        await ledger.run(_refuse_known, batch.provider, tag, provider_id)
        adopted = await ledger.run(
            holding.adopt,
            tag,
            receipt,
            decider,
            runtime.clock.now(),
            # Nobody knows whether it rings: then it counts as if it did.
            dials=not not_started,
            unchecked=unchecked,
        )
    if not adopted:
        refuse_stale(matter)


async def adopt_call_by_hand(matter: Matter, call_id: str, decider: Decider) -> None:
    """Take a call for that of one person who is held. Raises `BadInput` as above."""
    if matter.person is None:
        message = f"{len(matter.keys)} people of {matter.tag} are held, and a call is one person's"
        raise BadInput(message, [Fault(message, "Say whose it is: --key KEY.")])
    async with open_runtime() as runtime:
        known = await runtime.ledger.run(people.get, matter.person)
        if known is None:
            refuse_stale(matter)
        batch = await runtime.ledger.run(batches.get, known.batch_id)
        provider = await _provider(runtime, batch)
        listed = await call_at(provider, batch.provider, known, call_id)
        now = runtime.clock.now()
        adopted = await runtime.ledger.run(adopt_call, known.key, listed, decider, now)
        if not adopted:
            await runtime.ledger.run(_refuse_call, matter, call_id)


async def _provider(runtime: Runtime, batch: BatchView) -> Provider:
    return await runtime.provider(batch.campaign_id, batch.spec, batch.provider)


def _batch_of(db: Connection, tag: str) -> BatchView:
    submission = submissions.get(db, tag)
    if submission is None:
        raise LookupError(tag)
    return batches.get(db, submission.batch_id)


def _refuse_known(db: Connection, provider: str, tag: str, provider_id: str) -> None:
    owner = holding.owner_of(db, provider, provider_id)
    if owner is not None and owner != tag:
        message = f"{provider_id} is known already, as {owner}"
        raise BadInput(message, [Fault(message, "Look for the tag itself at the provider.")])


def _said(db: Connection, batch: BatchView, tag: str, provider_id: str) -> Receipt:
    """Return the yes that a person's word alone amounts to. Raises `BadInput`."""
    if of_campaign(batch.spec, batch.provider).native_batch:
        return Receipt(provider_batch_id=provider_id)
    keys = submissions.reference(db, tag).keys
    if len(keys) != 1:
        message = f"{tag} holds {len(keys)} calls, and {batch.provider} has no batches"
        remedy = "One id tells of one call only. It is still looked for by all of its keys."
        raise BadInput(message, [Fault(message, remedy)])
    return Receipt(provider_batch_id=tag, call_ids=dict.fromkeys(keys, provider_id))


def _refuse_call(db: Connection, matter: Matter, call_id: str) -> NoReturn:
    """Say why a call was not adopted. Raises `BadInput`."""
    known = people.get(db, matter.person or "")
    if known is None or not known.is_held:
        refuse_stale(matter)
    owned = f"{call_id} is the call of somebody else already"
    has = f"the call of {known.key} is known already: {known.provider_call_id}"
    message = owned if known.provider_call_id in {None, call_id} else has
    raise BadInput(message, [Fault(message, "Nothing was changed.")])
