"""The process of a temporary Prefect server: `python -m flows.server_process PORT`.

It ends when its stdin is closed, which is when its parent has ended, `kill -9` included.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from prefect.server.api import server
from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_GRACE_SECONDS = 5.0


class LockFirst(AioSqliteConfiguration):
    """Prefect's SQLite database, whose transactions take the write lock before they read.

    Prefect's own take it at their first write. SQLite refuses that at once, whatever the time-out,
    if somebody else has written meanwhile (sqlite.org/isolation.html). The server answers 503 then,
    as it did at the start of every batch, and the client tries again two seconds later, then four.
    """

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = True,  # noqa: ARG002 - Prefect's signature
    ) -> AsyncGenerator[AsyncSessionTransaction]:
        """Begin with the lock, be it asked for or not."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def create_app() -> Any:
    """Return Prefect's API and UI."""
    url = str(PREFECT_API_DATABASE_CONNECTION_URL.value())
    if get_dialect(url).name == "sqlite":
        dependencies.set_database_config(LockFirst(connection_url=url))
    return server.create_app()


def main() -> None:
    """Serve Prefect's API and UI on loopback."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(
        "flows.server_process:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        lifespan="on",
    )


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
