"""The first call, composed and not sent: what an API cannot say shows here."""

from collections.abc import Iterator

import providers
from campaign.calls import CallRequest, Order
from campaign.errors import BadInput, Fault, Unsupported
from campaign.spec import Share
from outdial.loading import Loaded
from providers.http import Http
from providers.settings import resolved, resolved_text
from store.recipients import NewRecipient


def rehearse(loaded: Loaded, first: NewRecipient | None = None) -> None:
    """Compose one submission for each provider, to the first person or to somebody made up.

    Raises `BadInput` with what cannot be said in the API of each.
    """
    faults = [fault for share in loaded.spec.shares for fault in _faults(loaded, share, first)]
    loaded.draft.sound(tuple(faults))


def _faults(loaded: Loaded, share: Share, first: NewRecipient | None) -> Iterator[Fault]:
    adapter = providers.adapter(share.provider)
    try:
        provider = adapter.open(Http(adapter.base_url, {}), resolved(share.agent or {}))
        provider.compose(_order(loaded, share, first))
    except Unsupported as error:
        yield loaded.draft.tree.fault(("agent",), f"{share.provider}: {error}", key=True)
    except BadInput as error:
        yield from error.faults


def _order(loaded: Loaded, share: Share, first: NewRecipient | None) -> Order:
    numbers = tuple(map(resolved_text, share.from_numbers or ()))
    call = CallRequest(
        key="rehearsal",
        to=first.phone_number if first else "+13125550100",
        variables=first.variables if first else dict.fromkeys(loaded.spec.variables, "text"),
        from_number=numbers[0] if numbers else None,
    )
    return Order(
        tag="od1-rehearsal",
        label=loaded.spec.name,
        calls=(call,),
        from_numbers=numbers,
        concurrency=loaded.spec.limits.concurrency,
    )
