"""One adapter per provider: a module here that offers `PROVIDER`; nothing else names it."""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from campaign.errors import Unsupported
from providers.port import Provider
from providers.webhook import Webhook


def names() -> tuple[str, ...]:
    """The names of all providers, sorted: what a campaign file may say."""
    return tuple(_adapters())


def adapter(name: str) -> type[Provider]:
    """Return a provider's adapter. Raises `Unsupported`, with the nearest name that is known."""
    try:
        return _adapters()[name]
    except KeyError:
        near = difflib.get_close_matches(name.lower(), names(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names())}."
        raise Unsupported(f"there is no provider {name!r}; {hint}") from None


def webhook(name: str) -> Webhook:
    """Return how a provider's own messages are proved and read. Raises `Unsupported`."""
    adapter(name)
    offer: Webhook = importlib.import_module(f"{__name__}.{name}.webhook").WEBHOOK
    return offer


@functools.cache
def _adapters() -> Mapping[str, type[Provider]]:
    modules = {
        found.name: importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    }
    offers = {name: getattr(modules[name], "PROVIDER", None) for name in sorted(modules)}
    return MappingProxyType({name: offer for name, offer in offers.items() if offer is not None})
