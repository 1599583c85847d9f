"""A provider with its account, ready to be asked."""

import functools
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from providers import adapter
from providers.http import Http
from providers.port import Account, Provider
from providers.settings import Access, access, resolved
from providers.throttle import Throttle


@asynccontextmanager
async def connect(provider: str, agent: Mapping[str, Any]) -> AsyncGenerator[Provider]:
    """Open a provider with a campaign's agent block, and close its connections afterwards.

    Raises `BadInput` for a missing key or wrong setting, `ValidationError` for the block.
    """
    async with open_http(access(provider)) as http:
        yield adapter(provider).open(http, resolved(agent))


async def check(provider: str) -> Account:
    """Prove that a provider's key works, without any effect. Raises `BadInput`, `ProviderError`."""
    async with open_http(access(provider)) as http:
        return await adapter(provider).check(http)


def open_http(to: Access) -> Http:
    """Return connections to an account; close them, or use them as an async context manager."""
    key = to.key.get_secret_value()
    throttle = _throttle(to.provider, to.base_url, key, live=to.live)
    return Http(to.base_url, adapter(to.provider).headers(key), throttle=throttle)


@functools.cache
def _throttle(provider: str, _base_url: str, _key: str, *, live: bool) -> Throttle:
    """One for each account in this process. A simulator needs no sparing."""
    facts = adapter(provider).variants().values()
    return Throttle(per_second=min(one.requests_per_second for one in facts) if live else None)
