"""The one place that knows httpx: what an answer, a status or a broken connection means.

A submit goes over a fresh HTTP/1.1 connection, is sent once, follows no redirect, and asks its
fence at the last moment before the first byte. Reads go over a connection pool and may be repeated
by whoever calls. Every request carries the account's key: it goes below the base URL or nowhere.
"""

import asyncio
import email.utils
import functools
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from campaign.errors import (
    Ambiguous,
    NotFound,
    NotSent,
    OutdialError,
    RateLimited,
    Rejected,
    Transient,
    Unauthorized,
    Unreadable,
)
from campaign.patience import MOST_PATIENCE
from providers.mending import decode
from providers.throttle import Memory, Throttle, moment_of

_T = TypeVar("_T")
Query = Mapping[str, str | int | float | bool | Sequence[str] | None]

MAX_BODY = 32 * 1024 * 1024
"""Bytes of an answer after decompression; a longer one is `Unreadable`."""
SUBMIT_DEADLINE = timedelta(seconds=180)
READ_DEADLINE = timedelta(seconds=120)
_READ_TIMEOUT = httpx.Timeout(30, connect=10)
# A batch submit may take long to be answered; the deadline bounds the whole call, as httpx's read
# timeout counts from byte to byte.
_SUBMIT_TIMEOUT = httpx.Timeout(120, connect=10)
_UNAUTHORIZED = frozenset({401, 402, 403})
# A URL of its own instead of a path, as in an answer's link to a recording or to its next page.
_ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|[/\\]{2})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered."""

    status: int
    headers: httpx.Headers
    content: bytes

    def json(self, into: type[_T] | Any = Any) -> _T:
        """Decode the body. Raises `Unreadable`."""
        try:
            return decode(self.content, into)
        except (ValueError, RecursionError) as error:
            what = type(error).__name__
            raise Unreadable(
                f"the answer is not the JSON we know ({what})", status=self.status
            ) from None

    def proof(self, into: type[_T] | Any = Any) -> _T:
        """Decode the yes to a submit. Raises `Ambiguous` if it cannot be read."""
        try:
            return self.json(into)
        except Unreadable as error:
            raise Ambiguous(f"a yes that cannot be read: {error}", status=self.status) from error

    @property
    def is_yes(self) -> bool:
        """The provider says that it did what was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def request_id(self) -> str:
        """The provider's name for this request, if it gives one."""
        return self.headers.get("x-request-id", "")


class Http:
    """One account's connection. Close it, or use it as an async context manager."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        throttle: Throttle | None = None,
        memory: Memory | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        submit_deadline: timedelta = SUBMIT_DEADLINE,
        read_deadline: timedelta = READ_DEADLINE,
    ) -> None:
        self._throttle = throttle or Throttle()
        self._memory = memory
        self._submit_deadline = submit_deadline
        self._read_deadline = read_deadline
        shared: dict[str, Any] = {
            "base_url": base_url,
            "headers": {"User-Agent": "outdial", **headers},
            "follow_redirects": False,
            "trust_env": True,
            "transport": transport,
            "verify": _tls(),
        }
        self._reader = httpx.AsyncClient(**shared, timeout=_READ_TIMEOUT)
        self._submitter = httpx.AsyncClient(
            **shared, timeout=_SUBMIT_TIMEOUT, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let all connections go."""
        await self._reader.aclose()
        await self._submitter.aclose()

    async def get(self, path: str, query: Query | None = None) -> Answer:
        """Read.

        Raises `Transient`, `RateLimited`, `Unauthorized`, `NotFound`, `Rejected` (also for a `path`
        that is a URL) or `Unreadable`.
        """
        return await self._repeatable("GET", path, query=query)

    async def act(
        self, method: str, path: str, json: object = None, query: Query | None = None
    ) -> Answer:
        """Write what may be repeated and rings nobody (pause, stop). Raises like `get`."""
        content = None if json is None else msgspec.json.encode(json)
        return await self._repeatable(method, path, query=query, content=content)

    async def _repeatable(
        self, method: str, path: str, *, query: Query | None, content: bytes | None = None
    ) -> Answer:
        at_home(path)
        await self._turn()
        request = self._reader.build_request(
            method, path, params=_params(query), content=content, headers=_content_type(content)
        )
        try:
            async with asyncio.timeout(self._read_deadline.total_seconds()):
                answer = await self._send(self._reader, request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Transient(f"{method} failed: {type(error).__name__}") from error
        return await self._heeded(answer, _judge_read)

    async def submit(
        self,
        path: str,
        body: bytes,
        fence: Callable[[], Awaitable[None]],
        no_effect: frozenset[int],
    ) -> Answer:
        """POST `body` to a dialling endpoint, once; the only code that does.

        `fence` is awaited after the connection stands and before the first byte leaves; if it
        raises, nothing is sent, and an error of ours is raised as it is. Raises `NotSent`,
        `RateLimited`, `Rejected`, `Unauthorized`, or `Ambiguous` for everything that is not a clear
        yes or no.
        """
        at_home(path)
        await self._turn(dials=True)
        mark = _WireMark(fence)
        request = self._submitter.build_request(
            "POST", path, content=body, headers=_content_type(body), extensions={"trace": mark}
        )
        try:
            async with asyncio.timeout(self._submit_deadline.total_seconds()):
                answer = await self._send(self._submitter, request)
        except OutdialError as error:
            if mark.passed and not isinstance(error, Ambiguous):
                raise Ambiguous(f"the answer was cut: {error}") from error
            raise
        except Exception as error:
            what = type(error).__name__
            if mark.passed:
                raise Ambiguous(f"no answer to the submit ({what})") from error
            raise NotSent(f"not sent ({what})") from error
        if not mark.passed:
            # Whoever answered knows of it, though no byte should have left.
            raise Ambiguous("a submit was answered without passing its fence")
        return await self._heeded(answer, lambda said: _judge_submit(said, no_effect))

    async def _send(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        """Raises `httpx.HTTPError`, `Unreadable` for a body that is too long."""
        response = await client.send(request, stream=True)
        # The body may come slowly, and its `Date` is as old as its beginning.
        self._throttle.heard(response.headers.get("date", ""))
        try:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_BODY:
                    raise Unreadable("the answer is too long", status=response.status_code)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, bytes(content))

    async def heed(self, refusal: RateLimited) -> None:
        """Remember a refusal that only its adapter can read, for all who use the account.

        Whether the others can be told or not: it is a refusal, and never a doubt.
        """
        self._throttle.refused(refusal)
        if self._memory is not None:
            # Whoever writes the refusal down next tells what is wrong with the ledger.
            with suppress(Exception):
                await self._memory.refused(refusal)

    async def _turn(self, *, dials: bool = False) -> None:
        if self._memory is not None:
            self._throttle.told(await self._memory.patience())
        await self._throttle.turn(dials=dials)

    async def _heeded(self, answer: Answer, judge: Callable[[Answer], Answer]) -> Answer:
        try:
            return judge(answer)
        except RateLimited as error:
            await self.heed(error)
            raise


def at_home(path: str) -> None:
    """Refuse a URL in the place of a path: the key would go there, too. Raises `Rejected`."""
    if _ELSEWHERE.match(path):
        raise Rejected("not asked: the path leads away from the provider, and the key with it")


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all connections: reading the certificates takes 40 ms of the event loop."""
    return httpx.create_ssl_context()


class _WireMark:
    """httpcore's trace hook: what is raised in it aborts the request with no byte on the wire."""

    def __init__(self, fence: Callable[[], Awaitable[None]]) -> None:
        self._fence = fence
        self.passed = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        # A proxy's CONNECT fires the same event and carries nothing of ours.
        if event != "http11.send_request_headers.started" or info["request"].method != b"POST":
            return
        if self.passed:
            raise AssertionError("the transport tried to send a submit twice")
        await self._fence()
        self.passed = True


def _judge_read(answer: Answer) -> Answer:
    status = answer.status
    if answer.is_yes:
        return answer
    reason = _reason(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            "too many requests", retry_after=retry_after(answer.headers), status=status
        )
    if status in _UNAUTHORIZED:
        raise Unauthorized(f"the key was refused ({status})", status=status, reason=reason)
    if status == HTTPStatus.NOT_FOUND:
        raise NotFound("not found", status=status, reason=reason)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {408, 425}:
        raise Transient(f"the provider failed ({status})", status=status, reason=reason)
    if status < HTTPStatus.BAD_REQUEST:
        raise Unreadable(f"unexpected redirect ({status}): check the base URL", status=status)
    raise Rejected(f"the provider refused ({status})", status=status, reason=reason)


def _judge_submit(answer: Answer, no_effect: frozenset[int]) -> Answer:
    status = answer.status
    if answer.is_yes:
        return answer
    reason = _reason(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        capacity = "concurren" in reason.lower()
        wait = retry_after(answer.headers)
        raise RateLimited(
            "too fast", retry_after=wait, capacity=capacity, status=status, reason=reason
        )
    if status in no_effect and status in _UNAUTHORIZED:
        raise Unauthorized(f"the account may not dial ({status})", status=status, reason=reason)
    if status in no_effect:
        raise Rejected(f"the submit was refused ({status})", status=status, reason=reason)
    raise Ambiguous(f"the submit was answered with {status}", status=status, reason=reason)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read `Retry-After` in seconds or as a date; None if it is missing or makes no sense.

    Never negative, at most an hour.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        wait = timedelta(seconds=float(text)) if text.isdigit() else _until(text, headers)
    except (ValueError, OverflowError, TypeError):
        return MOST_PATIENCE if text.isdigit() else None
    return min(max(wait, timedelta(0)), MOST_PATIENCE)


def _until(date: str, headers: Mapping[str, str]) -> timedelta:
    """By the clock of the answer itself, if it tells the time."""
    moment = email.utils.parsedate_to_datetime(date)
    now = moment_of(headers.get("date", "")) or datetime.now(UTC)
    return moment.replace(tzinfo=moment.tzinfo or UTC) - now


def _reason(answer: Answer) -> str:
    """The provider's own words, cut; they may hold a number: for the ledger, never for a log."""
    return answer.content[:2000].decode(errors="replace")


def _params(query: Query | None) -> dict[str, Any] | None:
    if query is None:
        return None
    return {name: value for name, value in query.items() if value is not None}


def _content_type(content: bytes | None) -> dict[str, str]:
    return {} if content is None else {"Content-Type": "application/json"}
