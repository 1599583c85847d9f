"""Connections to the simulator that are quick to give up, and remember what was served."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from providers import adapter
from providers.http import Http
from providers.port import Provider
from providers.throttle import Throttle

KEY = "test-key"
Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
Hook = Callable[[str], None]
"""Told that a submit has come to a point of its way: `headers sent`, `body sent`."""

_POINTS = {
    "http11.send_request_headers.complete": "headers sent",
    "http11.send_request_body.complete": "body sent",
}


@dataclass(kw_only=True)
class Wire:
    """How the tests reach the simulator."""

    base_urls: Mapping[str, str]
    patience: timedelta = timedelta(seconds=5)
    """Real time after which an answer is not waited for any more."""
    throttle: Throttle
    hook: Hook | None = None
    served: list[bytes] = field(default_factory=list[bytes])
    """Bodies of answers, as they came."""

    @asynccontextmanager
    async def connect(self, name: str, agent: Mapping[str, object]) -> AsyncGenerator[Provider]:
        """Open a provider as `providers.connecting.connect` does."""
        chosen = adapter(name)
        async with Http(
            self.base_urls[name],
            chosen.headers(KEY),
            throttle=self.throttle,
            transport=_Tap(self.served, self.hook),
            submit_deadline=self.patience,
            read_deadline=self.patience,
        ) as http:
            yield chosen.open(http, agent)


class _Tap(httpx.AsyncBaseTransport):
    """Real connections: a fresh one for each POST, as `Http` has it, and kept ones for reads."""

    def __init__(self, served: list[bytes], hook: Hook | None) -> None:
        self._served, self._hook = served, hook
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Quick to make: it reads no certificates.
        one_use = httpx.Limits(max_keepalive_connections=0)
        self._kept = httpx.AsyncHTTPTransport(verify=no_tls)
        self._fresh = httpx.AsyncHTTPTransport(verify=no_tls, limits=one_use)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fence: Trace | None = request.extensions.get("trace")
        if fence is not None:
            request.extensions = {**request.extensions, "trace": _traced(fence, self._hook)}
        inner = self._fresh if request.method == "POST" else self._kept
        response = await inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Remembering(response.stream, self._served)
        return response

    async def aclose(self) -> None:
        await self._kept.aclose()
        await self._fresh.aclose()


def _traced(fence: Trace, hook: Hook | None) -> Trace:
    async def trace(event: str, info: Mapping[str, Any]) -> None:
        await fence(event, info)
        if hook is not None and event in _POINTS:
            hook(_POINTS[event])

    return trace


class _Remembering(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, served: list[bytes]) -> None:
        self._inner, self._served = inner, served

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = bytearray()
        try:
            async for chunk in self._inner:
                content += chunk
                yield chunk
        finally:
            self._served.append(bytes(content))

    async def aclose(self) -> None:
        await self._inner.aclose()
