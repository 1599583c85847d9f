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
from tests.protocol.pages import PageLog, ServedPage, place_in_the_list
from tests.protocol.wire import SERVED, Wire

P = ParamSpec("P")
T = TypeVar("T")

At = Callable[[str], None]
"""Told the name of a point when it is reached, in whichever thread."""


class WatchedLedger(Ledger):
    """A ledger that tells where it is: `before <work>`, `inside` (not committed yet), `after`.

    A page behind which the place in the list moves, by whatever work, is written down.
    """

    at: At | None = None
    pages: PageLog | None = None

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
            taken, result = self._watched(connection, work, *args, **kwargs)
            self._tell(f"inside {name}")
        if taken is not None and self.pages is not None:
            self.pages.add(*taken)
        self._tell(f"after {name}")
        return result

    def _watched(
        self,
        connection: Connection,
        work: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[tuple[str, ServedPage] | None, T]:
        page = next((one for one in args if isinstance(one, ServedPage)), None)
        if page is None:
            return None, work(connection, *args, **kwargs)
        batch_id = str(args[0])
        before = place_in_the_list(connection, batch_id)
        result = work(connection, *args, **kwargs)
        moved = place_in_the_list(connection, batch_id) != before
        return (batch_id, page) if moved else None, result

    def _tell(self, point: str) -> None:
        if self.at is not None:
            self.at(point)


class WatchedProvider:
    """A provider that tells when an answer is in memory: `got <verb>`."""

    def __init__(self, inner: Provider, at: At) -> None:
        self._inner, self._at = inner, at

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
        answers: list[bytes] = []
        served = SERVED.set(answers)
        try:
            page = await self._inner.page(batch, cursor)
        finally:
            SERVED.reset(served)
        self._at("got page")
        return ServedPage(
            calls=page.calls, next=page.next, total=page.total, answers=tuple(answers)
        )

    async def detail(self, call_id: str) -> ListedCall:
        return await self._got("detail", self._inner.detail(call_id))

    async def stop(self, batch: BatchRef) -> None:
        await self._got("stop", self._inner.stop(batch))

    async def _got(self, verb: str, answer: Awaitable[T]) -> T:
        result = await answer
        self._at(f"got {verb}")
        return result


class WatchedStarter(WatchedProvider):
    """The same for a provider whose batches are started by a second request."""

    def __init__(self, inner: Any, at: At) -> None:
        super().__init__(inner, at)
        self._starter: Starts = inner

    async def verify(self, submission: SubmissionRef) -> None:
        await self._got("verify", self._starter.verify(submission))

    async def start(self, submission: SubmissionRef, fence: Fence) -> None:
        await self._got("start", self._starter.start(submission, fence))


class WatchedWire:
    """Connections whose providers are watched."""

    def __init__(self, wire: Wire, at: At) -> None:
        self._wire, self._at = wire, at

    @asynccontextmanager
    async def connect(
        self, name: str, agent: Mapping[str, object], remember: Remember
    ) -> AsyncGenerator[Any]:
        """Open a provider."""
        async with self._wire.connect(name, agent, remember) as provider:
            watched = WatchedStarter if isinstance(provider, Starts) else WatchedProvider
            yield watched(provider, self._at)
