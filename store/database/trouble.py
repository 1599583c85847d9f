"""What a database says when it cannot go on, as a person can act on it."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from campaign.errors import LedgerUnavailable

_SQLITE_REMEDIES: Mapping[str, str] = {
    "full": "Make room there, and run it again",
    "disk I/O error": "See whether the disk is full or broken, and run it again",
    "readonly": "Give this user the right to write the file and its folder, and run it again",
    "unable to open": "Give this user the right to write the file and its folder, and run it again",
    "locked": "Another process holds it: end that, or wait for it, and run it again",
}
"""Words of SQLite, and what helps."""

_POSTGRES_REMEDIES: Mapping[str, str] = {
    "53100": "Make room on the server's disk, and run it again",
    "53300": "The server has no free connection: raise max_connections, and run it again",
    "25006": "It takes no writes (a standby?): point OUTDIAL_DATABASE_URL at the primary",
}
"""Codes of PostgreSQL, and what helps."""

# Of a connection that cannot be made psycopg gives no code, only the server's words (which are in
# the server's language: in another than English the remedy is the general one).
_NO_ROOM = ("too many c", "remaining connection slots")

_CONNECTION_CODES = ("08", "57P")
"""The connection broke; the server is stopped, was killed, or starts."""

_LOST = "See whether the server runs, and run it again"
_NOTHING_LOST = (
    "What was confirmed is kept, and nothing is sent whose mark cannot be written, so nobody is"
    " called twice."
)


def explained(engine: Engine, error: DBAPIError) -> LedgerUnavailable | None:
    """Return the error with its place and remedy; None: it is no trouble of the database's."""
    said = driver_words(error)
    remedy = _remedy(engine, error, said)
    if remedy is None:
        return None
    return LedgerUnavailable(
        f"The ledger {place(engine.url)} failed: {said}. {remedy}. {_NOTHING_LOST}"
    )


def is_lost(engine: Engine, error: DBAPIError) -> bool:
    """Whether the connection to a server broke, or could not be made: it may come back."""
    if engine.dialect.name == "sqlite" or not isinstance(error, (OperationalError, InterfaceError)):
        return False
    code = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or code is None or code.startswith(_CONNECTION_CODES)


def place(url: URL) -> str:
    """Where a ledger is, without its user and password."""
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database or "").absolute())
    return f"{url.host or url.query.get('host') or 'localhost'}/{url.database or ''}"


def driver_words(error: Exception) -> str:
    """Return what the driver said, in one line, without what it tells about rows."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__
    return str(cause).partition("\n")[0].rstrip(". ") or type(cause).__name__


def _remedy(engine: Engine, error: DBAPIError, said: str) -> str | None:
    if engine.dialect.name == "sqlite":
        return next((remedy for word, remedy in _SQLITE_REMEDIES.items() if word in said), None)
    code = getattr(error.orig, "sqlstate", None) or ""
    if not code and any(words in said for words in _NO_ROOM):
        code = "53300"
    return _POSTGRES_REMEDIES.get(code) or (_LOST if is_lost(engine, error) else None)
