"""Everything that a runner does, point by point: for killing it there, or for watching it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection

from campaign.calls import (
    BatchRef,
    BatchStatus,
    Found,
    ListedCall,
    Order,
    Page,
    Receipt,
    SubmissionRef,
)
from providers.connecting import Remember
from providers.port import Capabilities, Fence, Provider, Starts
from store.ledger import Ledger
from tests.protocol.wire import Wire

P = ParamSpec("P")
T = TypeVar("T")

At = Callable[[str], None]
"""Told the name of a point when it is reached, in whichever thread."""


class WatchedLedger(Ledger):
    """A ledger that tells where it is: `before <work>`, `inside` (not committed yet), `after`."""

    at: At | None = None

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do it here and now: handing it to a thread and back takes longer than the work."""
        return self._transact(work, *args, **kwargs)

    def _transact(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        event = kwargs.get("event")
        name = " ".join(str(word) for word in (work.__name__, event) if word)
        self._tell(f"before {name}")
        with self.engine.begin() as connection:
            result = work(connection, *args, **kwargs)
            self._tell(f"inside {name}")
        self._tell(f"after {name}")
        return result

    def _tell(self, point: str) -> None:
        if self.at is not None:
            self.at(point)


class WatchedProvider:
    """A provider that tells when an answer is in memory: `got <verb>`; and keeps its pages."""

    def __init__(self, inner: Provider, at: At, rows: list[ListedCall]) -> None:
        self._inner, self._at, self._rows = inner, at, rows

    @property
    def base_url(self) -> str:
        return self._inner.base_url

    @property
    def Agent(self) -> type[BaseModel]:  # noqa: N802 - the port's name
        return self._inner.Agent

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    def compose(self, order: Order) -> bytes:
        return self._inner.compose(order)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        return await self._got("submit", self._inner.submit(body, fence))

    async def find(self, submission: SubmissionRef) -> list[Found]:
        return await self._got("find", self._inner.find(submission))

    async def tags(self, since: datetime) -> frozenset[str]:
        return await self._got("tags", self._inner.tags(since))

    async def status(self, batch: BatchRef) -> BatchStatus:
        return await self._got("status", self._inner.status(batch))

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        page = await self._got("page", self._inner.page(batch, cursor))
        own = self.capabilities.lists_only_own
        self._rows += [row for row in page.calls if own or _is_ours(row, batch)]
        return page

    async def detail(self, call_id: str) -> ListedCall:
        return await self._got("detail", self._inner.detail(call_id))

    async def stop(self, batch: BatchRef) -> None:
        await self._got("stop", self._inner.stop(batch))

    async def _got(self, verb: str, answer: Awaitable[T]) -> T:
        result = await answer
        self._at(f"got {verb}")
        return result


def _is_ours(row: ListedCall, batch: BatchRef) -> bool:
    """In a list of the whole account: what another batch's sweep will take in is not lost."""
    return row.call is None or row.call.key is None or row.call.key in batch.keys


class WatchedStarter(WatchedProvider):
    """The same for a provider whose batches are started by a second request."""

    def __init__(self, inner: Any, at: At, rows: list[ListedCall]) -> None:
        super().__init__(inner, at, rows)
        self._starter: Starts = inner

    async def verify(self, submission: SubmissionRef) -> None:
        await self._got("verify", self._starter.verify(submission))

    async def start(self, submission: SubmissionRef, fence: Fence) -> None:
        await self._got("start", self._starter.start(submission, fence))


class WatchedWire:
    """Connections whose providers are watched."""

    def __init__(self, wire: Wire, at: At) -> None:
        self._wire, self._at = wire, at
        self.rows: list[ListedCall] = []
        """Every row of every page that an adapter gave out."""

    @asynccontextmanager
    async def connect(
        self, name: str, agent: Mapping[str, object], remember: Remember
    ) -> AsyncGenerator[Any]:
        """Open a provider."""
        async with self._wire.connect(name, agent, remember) as provider:
            watched = WatchedStarter if isinstance(provider, Starts) else WatchedProvider
            yield watched(provider, self._at, self.rows)
