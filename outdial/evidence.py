"""Whether a provider has what a person says that it has: asked before anything is adopted."""

from dataclasses import replace
from datetime import timedelta

from campaign.calls import BatchRef, Call, Found, ListedCall, Receipt, SubmissionRef
from campaign.errors import BadInput, Fault, NotFound, ProviderError, Rejected
from providers.port import Provider
from store.decisions.people import Attempted

_CLOCKS_DIFFER = timedelta(minutes=10)
_LAG = "Lists lag: try again in some minutes."
_UNCHECKED = "Try again later, or take it on yourself: --unchecked."


async def submission_at(
    provider: Provider,
    name: str,
    reference: SubmissionRef,
    provider_id: str,
    *,
    not_started: bool,
) -> Receipt:
    """Return the yes to a submission that the provider has by this id.

    `name`: the provider's. Raises `BadInput` if it does not, or cannot be asked.
    """
    try:
        found = await provider.find(reference)
        if provider.capabilities.native_batch:
            receipt = await _batch(provider, name, reference, provider_id, found)
        else:
            receipt = await _single(provider, name, reference, provider_id, found)
    except ProviderError as error:
        raise _no(f"{name} could not be asked: {error}", _UNCHECKED) from None
    _same_start(provider, name, receipt, found, not_started=not_started)
    return receipt


async def call_at(provider: Provider, name: str, known: Attempted, call_id: str) -> ListedCall:
    """Read a call that is said to be that of an attempt.

    Raises `BadInput` if it is another one's, cannot be read, or the provider cannot be asked.
    """
    try:
        listed = await provider.detail(call_id)
    except (NotFound, Rejected):
        raise _no(f"{name} knows no call {call_id}", _LAG) from None
    except ProviderError as error:
        raise _no(f"{name} could not be asked: {error}", "Try again later.") from None
    if listed.call is None:
        raise _no(f"the call {call_id} cannot be read: {listed.problem}")
    if not _is_of(listed.call, known):
        raise _no(f"{name} has {call_id} as another call, not as that of {known.key}")
    # By the id that was asked for, whatever the single read calls it.
    return replace(listed, call=replace(listed.call, id=call_id))


async def _batch(
    provider: Provider,
    name: str,
    reference: SubmissionRef,
    provider_id: str,
    found: list[Found],
) -> Receipt:
    for one in found:
        if one.provider_batch_id == provider_id:
            return Receipt(provider_batch_id=provider_id, call_ids=one.call_ids)
    if found:
        ids = " and ".join(one.provider_batch_id for one in found)
        raise _no(f"{name} has {reference.tag} as {ids}, not as {provider_id}")
    said = BatchRef(submissions=(replace(reference, provider_batch_id=provider_id),))
    try:
        page = await provider.page(said)
    except (NotFound, Rejected):
        raise _no(f"{name} knows no batch {provider_id}", _LAG) from None
    keys = {row.call.key for row in page.calls if row.call is not None} - {None}
    if keys - reference.keys:
        raise _no(f"{name} has other calls in {provider_id} than those of {reference.tag}")
    if not keys:
        raise _no(f"nothing in {provider_id} at {name} bears {reference.tag}", _LAG)
    return Receipt(provider_batch_id=provider_id)


async def _single(
    provider: Provider,
    name: str,
    reference: SubmissionRef,
    call_id: str,
    found: list[Found],
) -> Receipt:
    (key,) = reference.keys
    ids = {one.call_ids[key] for one in found if key in one.call_ids}
    if ids and call_id not in ids:
        raise _no(f"{name} has {reference.tag} as {' and '.join(sorted(ids))}, not as {call_id}")
    if not ids:
        try:
            listed = await provider.detail(call_id)
        except (NotFound, Rejected):
            raise _no(f"{name} knows no call {call_id}", _LAG) from None
        if listed.call is None or listed.call.key != key:
            raise _no(f"the call {call_id} at {name} does not bear {reference.tag}")
    return Receipt(provider_batch_id=reference.tag, call_ids={key: call_id})


def _same_start(
    provider: Provider, name: str, receipt: Receipt, found: list[Found], *, not_started: bool
) -> None:
    if not provider.capabilities.two_phase_start:
        if not_started:
            raise _no(f"--not-started: what {name} has accepted needs no start")
        return
    dials = {one.dialling for one in found if one.provider_batch_id == receipt.provider_batch_id}
    if not_started and True in dials:
        raise _no(f"{name} says that it dials already", "Leave out --not-started.")
    if not not_started and dials == {False}:
        raise _no(f"{name} says that it was never started", "With --not-started it is started.")


def _is_of(call: Call, known: Attempted) -> bool:
    """By our key; where the provider does not echo it, by number and time."""
    if call.key is not None:
        return call.key == known.key
    if call.started_at is None or known.dialled_at is None:
        return call.to == known.phone_number
    earliest = known.dialled_at - _CLOCKS_DIFFER
    return call.to == known.phone_number and call.started_at >= earliest


def _no(message: str, remedy: str = "") -> BadInput:
    return BadInput(message, [Fault(message, f"{remedy} Nothing was changed.".strip())])
