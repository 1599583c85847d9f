"""Whether there is room left to write down what comes of a request."""

import shutil
from pathlib import Path

from sqlalchemy import Connection

from campaign.errors import NoRoom

LEAST_FREE = 8 * 1024 * 1024
"""Bytes: the outcomes of thousands of requests."""


def refuse_without_room(db: Connection) -> None:
    """Raise `NoRoom` if the disk of a SQLite ledger is all but full.

    A mark that just fits is followed by an answer that does not: a doubt that need not be. How full
    the disk of a PostgreSQL server is it tells nobody who is not its administrator.
    """
    file = db.engine.url.database
    if db.dialect.name != "sqlite" or not file or file == ":memory:":
        return
    free = shutil.disk_usage(Path(file).absolute().parent).free
    if free < LEAST_FREE:
        left, least = free // 1024**2, LEAST_FREE // 1024**2
        raise NoRoom(f"the ledger's disk has {left} MB left, and nothing is sent below {least} MB")
