"""Connections to the simulator that are quick to give up, and tell what was served."""

import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Any

import httpx
from pydantic import SecretStr

from providers import adapter
from providers.connecting import Remember
from providers.http import Http
from providers.port import Provider
from providers.settings import Access
from providers.throttle import Throttle

KEY = "test-key"
SERVED: ContextVar[list[bytes] | None] = ContextVar("SERVED", default=None)
"""Bodies of good answers that were completely delivered, if somebody wants to know."""
Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
Hook = Callable[[str], None]
"""Told that a submit has come to a point of its way: `connected`, `headers sent`, `body sent`."""

_CONNECTED = "connection.connect_tcp.complete"
_LEFT = "http11.send_request_headers.complete"
_POINTS = {
    _CONNECTED: "connected",
    _LEFT: "headers sent",
    "http11.send_request_body.complete": "body sent",
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A submit of which bytes left: moments of the tests' clock, seconds."""

    connected_at: float
    left_at: float


@dataclass(kw_only=True)
class Wire:
    """How the tests reach the simulator."""

    base_urls: Mapping[str, str]
    patience: timedelta = timedelta(seconds=5)
    """Real time after which an answer is not waited for any more."""
    throttle: Throttle
    now: Callable[[], float]
    hook: Hook | None = None
    concurrency: int | None = None
    """Of each account, as its owner allows it."""
    crossings: list[Crossing] = field(default_factory=list[Crossing])
    strays: list[str] = field(default_factory=list[str])
    """Places that were asked and are not the provider's."""

    @asynccontextmanager
    async def connect(
        self, name: str, agent: Mapping[str, object], remember: Remember
    ) -> AsyncGenerator[Provider]:
        """Open a provider as `providers.connecting.connect` does."""
        chosen = adapter(name)
        to = Access(name, self.base_urls[name], SecretStr(KEY), self.concurrency)
        async with Http(
            to.base_url,
            chosen.headers(KEY),
            throttle=self.throttle,
            memory=await remember(to),
            transport=_Tap(self, self.base_urls[name]),
            submit_deadline=self.patience,
            read_deadline=self.patience,
        ) as http:
            yield chosen.open(http, agent)


class _Tap(httpx.AsyncBaseTransport):
    """Real connections: a fresh one for each POST, as `Http` has it, and kept ones for reads."""

    def __init__(self, wire: Wire, home: str) -> None:
        self._wire, self._home = wire, home
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Quick to make: it reads no certificates.
        one_use = httpx.Limits(max_keepalive_connections=0)
        self._kept = httpx.AsyncHTTPTransport(verify=no_tls)
        self._fresh = httpx.AsyncHTTPTransport(verify=no_tls, limits=one_use)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not str(request.url).startswith(self._home):
            self._wire.strays.append(f"{request.url.scheme}://{request.url.netloc.decode()}")
        fence: Trace | None = request.extensions.get("trace")
        if fence is not None:
            request.extensions = {**request.extensions, "trace": _traced(fence, self._wire)}
        inner = self._fresh if request.method == "POST" else self._kept
        response = await inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        served = SERVED.get()
        if served is not None and response.is_success:
            packed = response.headers.get("content-encoding") == "gzip"
            response.stream = _Remembering(response.stream, served, packed=packed)
        return response

    async def aclose(self) -> None:
        await self._kept.aclose()
        await self._fresh.aclose()


def _traced(fence: Trace, wire: Wire) -> Trace:
    connected_at = inf

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        nonlocal connected_at
        if event == _CONNECTED:
            connected_at = wire.now()
        await fence(event, info)
        if event == _LEFT:
            wire.crossings.append(Crossing(connected_at, wire.now()))
        if wire.hook is not None and event in _POINTS:
            wire.hook(_POINTS[event])

    return trace


class _Remembering(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, served: list[bytes], *, packed: bool) -> None:
        self._inner, self._served, self._packed = inner, served, packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = bytearray()
        async for chunk in self._inner:
            content += chunk
            yield chunk
        with suppress(zlib.error):  # Then nobody can read it.
            self._served.append(_unpacked(bytes(content)) if self._packed else bytes(content))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _unpacked(content: bytes) -> bytes:
    return zlib.decompress(content, wbits=zlib.MAX_WBITS | 16).strip()
