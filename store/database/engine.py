"""Connections that keep the ledger's promises: durable, serialised, silent about people."""

import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from campaign.errors import LedgerError, LedgerUnavailable
from store.database.trouble import driver_words, place

_READ_ONLY = "outdial_read_only"
_LOG = "outdial_log"

_KINDS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

# page_size counts only before the first table: rows with transcripts are stored at more than twice
# the speed of 4 KiB pages. WAL with less than FULL may forget the last commits at a power cut, and
# a forgotten intent is a second call.
_PRAGMAS = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
)

# Never weaker than `on`: a commit that we were told of survives. A process that is asleep in the
# middle of a transaction must not hold up all others. lz4 only where the server has it.
_POSTGRES_SESSION = """
SELECT set_config('TimeZone', 'UTC', false),
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
        THEN set_config('synchronous_commit', 'on', false) END,
    set_config('idle_in_transaction_session_timeout', '60s', false),
    (SELECT set_config(name, 'lz4', false) FROM pg_settings
        WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals))
"""


def open_engine(url: str) -> Engine:
    """Return an engine that is known to work.

    Takes `sqlite:///file`, `postgresql://`, `postgres://` and `postgresql+psycopg://`. A SQLite
    file is made with its folders, readable by its owner alone. Raises `LedgerError`; its message
    never holds the password.
    """
    parsed = _parse(url)
    if parsed.drivername == "sqlite":
        return _open_sqlite(parsed)
    return _open_postgres(parsed)


@contextlib.contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """Lend a connection that sees one unchanging moment, cannot write and holds up no writer."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("PRAGMA query_only = OFF")
        return
    with engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        # Whoever reads holds up nobody, and may take his time.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def empty_log(engine: Engine) -> None:
    """Copy SQLite's log into its file, as far as nobody still reads the past; elsewhere nothing."""
    if engine.dialect.name != "sqlite":
        return
    # Not by a connection of SQLAlchemy's: each begins a transaction, and this works outside of one.
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise LedgerError(
            "The database URL cannot be read; write sqlite:////path/outdial.db or"
            " postgresql://user:password@host/database."
        ) from error
    kind = _KINDS.get(parsed.drivername)
    if kind is None:
        raise LedgerError(
            f"The ledger cannot be kept in {parsed.drivername!r}; use a sqlite:/// or"
            " postgresql:// URL."
        )
    return parsed.set(drivername=kind)


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise LedgerError(
            "The ledger must outlive the process: give a plain file, such as"
            " sqlite:////path/outdial.db."
        )
    path = Path(url.database).absolute()
    engine = create_engine(
        url, hide_parameters=True, connect_args={"isolation_level": None, "timeout": 30}
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _refuse_another_log)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        _make_file(path)
        with _alone(path.parent), engine.begin():
            pass
    except (OSError, SQLAlchemyError) as error:
        engine.dispose()
        raise LedgerError(_sqlite_remedy(path, error)) from None
    return engine


def _make_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One that is there is left to SQLite: whoever closes a file loses all of his process's locks on
    # it, those of open connections too, and another process would clear away the log that they
    # still write (sqlite.org/howtocorrupt.html, 2.2).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Turn a new file to WAL mode one process at a time: there SQLite does not wait for a lock."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _set_up_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.execute("PRAGMA journal_mode")
    mode = cursor.fetchone()
    cursor.execute("SELECT count(*) FROM sqlite_master")  # From now on the log is there.
    cursor.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
    where = cursor.fetchone()
    cursor.close()
    entry.info[_LOG] = _log_of(Path(str(where[0]))) if where else None
    if mode is None or mode[0] != "wal":
        raise LedgerError(
            "SQLite cannot keep a write-ahead log there (a network folder?): put the ledger on a"
            " local disk, or use PostgreSQL."
        )


def _log_of(file: Path) -> int | None:
    """Tell one write-ahead log of a SQLite file from another; None: there is none."""
    try:
        return file.with_name(f"{file.name}-wal").stat().st_ino
    except FileNotFoundError:
        return None


def _refuse_another_log(connection: Connection) -> None:
    """Begin nothing whose log was removed: other programs would not see what is written there."""
    file = Path(connection.engine.url.database or "").absolute()
    if connection.info.get(_LOG) != _log_of(file):
        raise LedgerUnavailable(
            f"The ledger {file} has lost its log, {file.name}-wal: somebody removed or replaced it"
            " while it was in use. End every program that is at work on this ledger, which saves"
            " what they have written, and run it again. Nothing is sent whose mark cannot be"
            " written."
        )


def _begin_sqlite(connection: Connection) -> None:
    # SQLite's default takes the write lock at the first write: what was read before may be stale by
    # then, and updates get lost.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _sqlite_remedy(path: Path, error: Exception) -> str:
    said = driver_words(error)
    if isinstance(error, PermissionError) or "readonly" in said or "unable to open" in said:
        return (
            f"The ledger {path} cannot be written: give this user the right to write the file and"
            f" its folder, or choose another file by OUTDIAL_DATABASE_URL ({said})."
        )
    if "not a database" in said:
        return f"{path} is not a SQLite database: choose another file by OUTDIAL_DATABASE_URL."
    if "full" in said:
        return f"The ledger {path} cannot be opened: {said}. Make room there, and run it again."
    if "locked" in said:
        return f"The ledger {path} is held by another process ({said}): end it, or wait for it."
    return f"The ledger {path} cannot be opened: {said}. Choose another by OUTDIAL_DATABASE_URL."


def _open_postgres(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "outdial"},
        )
        event.listen(engine, "connect", _set_up_postgres)
        event.listen(engine, "handle_error", _hide_values)
        with engine.begin():
            pass
    except SQLAlchemyError as error:
        raise LedgerError(
            f"The PostgreSQL ledger {place(url)} cannot be opened: {driver_words(error)}. Check"
            " OUTDIAL_DATABASE_URL, and that the server runs and lets this user in."
        ) from None
    return engine


def _set_up_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_POSTGRES_SESSION)
    cursor.close()
    connection.commit()


def _hide_values(context: ExceptionContext) -> None:
    """Cut what PostgreSQL tells about a row: `DETAIL: Key (phone_number)=(...) already exists`."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])
