"""Bringing a ledger's tables up to date, whoever else is starting at the same moment."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from campaign.errors import LedgerError
from store.database.trouble import driver_words

HEAD = "0001"
"""The newest migration."""

_LOCK = 0x6F757464  # "outd": PostgreSQL's advisory locks are numbers, one space per database.


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, all in one transaction.

    Raises `LedgerError` for a ledger of a newer version, or one whose tables we may not make.
    """
    try:
        _upgrade_if_needed(engine)
    except DBAPIError as error:
        raise LedgerError(
            f"The ledger's tables cannot be brought up to date: {driver_words(error)}. Its user"
            " must be allowed to create tables, and nobody else may hold them for long."
        ) from None


def _upgrade_if_needed(engine: Engine) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.connect() as connection, _unchecked(connection), connection.begin():
        # Whoever waited here for another first start finds nothing left to do. On SQLite the lock
        # is that of BEGIN IMMEDIATE.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        _upgrade(connection)


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for one connection; it needs no file."""
    made = Config()
    made.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection) -> None:
    version = _version(connection)
    config = configuration(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise LedgerError(
            f"This ledger was written by a newer outdial (its tables are of version {version},"
            f" this one knows up to {HEAD}): upgrade outdial, or choose another ledger."
        )
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise LedgerError(f"The migration would orphan rows of {broken[0]}; nothing was done.")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def _unchecked(connection: Connection) -> Generator[None]:
    """Switch SQLite's foreign keys off, before the transaction: inside one the pragma does nothing.

    A table that is rebuilt is dropped on the way, which foreign keys would not suffer.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
