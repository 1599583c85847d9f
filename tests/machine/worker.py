"""A runner that may be stopped at any point of its way: for good, or until somebody wakes it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from campaign.calls import ListedCall
from campaign.clock import Clock
from store.calls import PageSaved
from store.ledger import Ledger
from store.runners import Runner
from tasks.steps.runtime import Connect, Runtime, lend
from tests.machine.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")


class Died(BaseException):
    """The runner is no more."""


class Bug(RuntimeError):
    """A fault of our own code."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls a runner at the nth point that it comes by from now on."""

    kind: Literal["dies", "pauses"]
    nth: int


class Worker:
    """One process, or what stands for it: it has a lock of its own, and its own connection."""

    def __init__(self, engine: Engine, locks: Path, clock: Clock, connect: "Connecting") -> None:
        self._runner = Runner(locks)
        ledger = PointwiseLedger(engine, self)
        self.runtime = Runtime(ledger, self._runner, clock, connect(self))
        self.dead = False
        self.turns: Turns | None = None
        """Taken at each point, if others are at work at the same time."""
        self.kept: list[tuple[str, ListedCall]] = []
        """Rows of pages that the ledger took, with the batch they were read for."""
        self._mishap: Mishap | None = None
        self._points = 0
        self._awake = asyncio.Event()
        self._asleep = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def paused(self) -> bool:
        """In the middle of something, until it is woken."""
        return self._asleep.is_set()

    async def do(self, work: Callable[[], Awaitable[object]], mishap: Mishap | None) -> None:
        """Do something, until it is done or a mishap befalls us."""
        self._mishap, self._points = mishap, 0
        self._task = asyncio.create_task(self._lent(work))
        await self._until_it_rests()

    async def wake(self) -> None:
        """Go on after a pause."""
        self._mishap = None
        self._asleep.clear()
        self._awake.set()
        await self._until_it_rests()

    async def die(self) -> None:
        """Be killed, wherever it is."""
        self.dead = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await self._until_it_rests()
        self._runner.close()

    async def point(self, name: str) -> None:
        """Come by a point where one may also be paused, or others go first."""
        if self.turns is not None:
            await self.turns.take()
        self.tell(name)
        if self._mishap == Mishap("pauses", self._points):
            self._awake.clear()
            self._asleep.set()
            await self._awake.wait()
            self.tell(name)

    def tell(self, _name: str) -> None:
        """Come by a point."""
        self._points += 1
        self.dead = self.dead or self._mishap == Mishap("dies", self._points)
        if self.dead:
            raise Died

    async def _lent(self, work: Callable[[], Awaitable[object]]) -> None:
        async with lend(self.runtime):
            await work()

    async def _until_it_rests(self) -> None:
        task = self._task
        assert task is not None
        sleeping = asyncio.create_task(self._asleep.wait())
        await asyncio.wait({task, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
        for _ in range(20):  # What goes on beside the part that is paused.
            await asyncio.sleep(0)
        if task.done():
            self._asleep.clear()
            self._task = None
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _raise_unless_expected(error)


def _raise_unless_expected(error: BaseException) -> None:
    with suppress(Died, Bug, asyncio.CancelledError):
        try:
            raise error
        except* (Died, Bug, asyncio.CancelledError):
            pass


class PointwiseLedger(Ledger):
    """A ledger whose transactions run at once, in this thread: what happens is the same each time.

    Its points: before a transaction, inside it with nothing committed yet, after it.
    """

    def __init__(self, engine: Engine, worker: Worker) -> None:
        super().__init__(engine)
        self._worker = worker

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await self._worker.point(f"before {work.__name__}")
        with self.engine.begin() as connection:
            result = work(connection, *args, **kwargs)
            self._worker.tell(f"inside {work.__name__}")
        if isinstance(result, PageSaved) and result.advanced:
            batch_id, page = args[:2]
            self._worker.kept += [(str(batch_id), row) for row in getattr(page, "calls", ())]
        self._worker.tell(f"after {work.__name__}")
        return result


Connecting = Callable[[Worker], Connect]
