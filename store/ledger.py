"""The one door to the database: every transaction goes through a single writer thread."""

import asyncio
import functools
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from store.database.engine import empty_log, open_engine, reading
from store.database.migrate import upgrade
from store.database.settings import LedgerSettings
from store.database.trouble import explained, is_lost

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""A database server that is restarted is waited for so long, before work that has not begun."""
_PAUSE_SECONDS = 0.2


class Ledger:
    """An open ledger; close it, or use it in a `with` or `async with` statement."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    @classmethod
    def open(cls, url: str | None = None) -> Self:
        """Open the ledger at `url` (None: `OUTDIAL_DATABASE_URL`) and bring its tables up to date.

        Raises `LedgerError` if it cannot be used, or was written by a newer version.
        """
        chosen = url or LedgerSettings().database_url.get_secret_value()
        engine = open_engine(chosen)
        try:
            upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do `work` in one transaction, and return what it returned once that is committed.

        Whatever `work` or the commit raises is raised here, and nothing is written; only a commit
        that failed with its connection may have happened. A server that cannot be reached is waited
        for before `work` begins; work that has begun is never done again. Raises
        `LedgerUnavailable` if the database cannot go on (a full disk, a lost server). Whoever is
        cancelled while waiting does not stop the work: only its result is lost.
        """
        return await asyncio.shield(asyncio.wrap_future(self._submit(work, *args, **kwargs)))

    def run_sync(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, for callers without an event loop."""
        return self._submit(work, *args, **kwargs).result()

    async def secure(self) -> None:
        """Bring what was written so far where it survives the loss of a SQLite file's log.

        Not for each transaction, which the log makes durable: for what must be known even if
        somebody tidies the log away behind a program that died.
        """
        await asyncio.wrap_future(self._writer.submit(empty_log, self.engine))

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Lend the caller's thread a connection that sees one unchanging moment and cannot write.

        For long reads (exports, reports): it holds up no writer.
        """
        with reading(self.engine) as connection:
            yield connection

    def close(self) -> None:
        """Finish what was begun, then let go of the database."""
        self._writer.shutdown(wait=True)
        self.engine.dispose()

    def _submit(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        return self._writer.submit(self._patiently, work, *args, **kwargs)

    def _patiently(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        begun = False

        @functools.wraps(work)
        def watched(db: Connection, *args: P.args, **kwargs: P.kwargs) -> T:
            nonlocal begun
            begun = True
            return work(db, *args, **kwargs)

        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._transact(watched, *args, **kwargs)
            except DBAPIError as error:
                told = explained(self.engine, error)
                if told is None:
                    raise
                if begun or time.monotonic() > deadline or not is_lost(self.engine, error):
                    raise told from error
            time.sleep(_PAUSE_SECONDS)

    def _transact(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with self.engine.begin() as connection:
            return work(connection, *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.to_thread(self.close)
