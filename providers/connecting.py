"""A provider with its account, ready to be asked."""

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from providers import adapter
from providers.http import Http
from providers.port import Account, Provider
from providers.settings import Access, access, resolved
from providers.throttle import Memory, Throttle

Remember = Callable[[Access], Awaitable[Memory]]
"""Finds the memory that all runners share of an account."""


@asynccontextmanager
async def connect(
    provider: str, agent: Mapping[str, Any], remember: Remember | None = None
) -> AsyncGenerator[Provider]:
    """Open a provider with a campaign's agent block, and close its connections afterwards.

    Raises `BadInput` for a missing key or wrong setting, `ValidationError` for the block.
    """
    to = access(provider)
    memory = await remember(to) if remember else None
    async with open_http(to, memory) as http:
        yield adapter(provider).open(http, resolved(agent))


async def check(provider: str) -> Account:
    """Prove that a provider's key works, without any effect. Raises `BadInput`, `ProviderError`."""
    async with open_http(access(provider)) as http:
        return await adapter(provider).check(http)


def open_http(to: Access, memory: Memory | None = None) -> Http:
    """Return connections to an account; close them, or use them as an async context manager."""
    key = to.key.get_secret_value()
    throttle = _throttle(to.provider, to.base_url, key, live=to.live)
    headers = adapter(to.provider).headers(key)
    return Http(to.base_url, headers, throttle=throttle, memory=memory)


@functools.cache
def _throttle(provider: str, _base_url: str, _key: str, *, live: bool) -> Throttle:
    """One for each account in this process. A simulator needs no sparing."""
    facts = adapter(provider).variants().values()
    return Throttle(per_second=min(one.requests_per_second for one in facts) if live else None)
