import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from campaign.errors import LedgerError
from store.database import engine as engines
from store.database.engine import open_engine, reading

PASSWORD = "correct-horse"
UNPRIVILEGED = 65534


def execute(engine: Engine, statement: str) -> None:
    with engine.begin() as db:
        db.execute(text(statement))


def scalar(engine: Engine, statement: str) -> object:
    with engine.begin() as db:
        return db.execute(text(statement)).scalar()


def test_a_sqlite_ledger_survives_a_power_cut_and_checks_its_references(
    sqlite_database_url: str,
) -> None:
    engine = open_engine(sqlite_database_url)

    pragmas = {
        name: scalar(engine, f"PRAGMA {name}")
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "page_size")
    }

    full = 2
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30000,
        "page_size": 16384,
    }
    engine.dispose()


def test_a_new_sqlite_file_and_its_log_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folders" / "ledger.db"

    engine = open_engine(f"sqlite:///{file}")
    execute(engine, "CREATE TABLE t (n INTEGER)")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_a_ledger_that_is_opened_twice_keeps_the_locks_of_the_first(
    sqlite_database_url: str,
) -> None:
    first = open_engine(sqlite_database_url)
    execute(first, "CREATE TABLE t (n INTEGER)")

    open_engine(sqlite_database_url).dispose()

    # What clears the log away wants the file for itself, and so must find it in use.
    clear_away = f"""
import sqlite3
sqlite3.connect({first.url.database!r}, timeout=0).execute("PRAGMA journal_mode = DELETE")
"""
    other = subprocess.run([sys.executable, "-c", clear_away], capture_output=True, check=False)
    assert b"database is locked" in other.stderr
    first.dispose()


def test_a_transaction_on_sqlite_takes_the_write_lock_before_it_reads(
    sqlite_database_url: str,
) -> None:
    engine = open_engine(sqlite_database_url)
    other = sqlite3.connect(sqlite_database_url.removeprefix("sqlite:///"), timeout=0)

    with (
        engine.begin(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")

    other.close()
    engine.dispose()


def test_four_threads_that_count_up_lose_no_update(database_url: str) -> None:
    engine = open_engine(database_url)
    scalar_statement = "SELECT n FROM counter"
    if engine.dialect.name == "postgresql":
        scalar_statement += " FOR UPDATE"
    with engine.begin() as db:
        db.execute(text("CREATE TABLE counter (n INTEGER)"))
        db.execute(text("INSERT INTO counter VALUES (0)"))

    def count_up() -> None:
        for _ in range(50):
            with engine.begin() as db:
                n = db.execute(text(scalar_statement)).scalar_one()
                db.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert scalar(engine, "SELECT n FROM counter") == 200
    engine.dispose()


def test_a_reader_sees_one_moment_and_holds_up_no_writer(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE t (n INTEGER)"))

    with reading(engine) as reader:
        assert count(reader) == 0
        with engine.begin() as db:
            db.execute(text("INSERT INTO t VALUES (1)"))
        assert count(reader) == 0

    assert scalar(engine, "SELECT count(*) FROM t") == 1
    engine.dispose()


def count(db: Connection) -> int:
    return db.execute(text("SELECT count(*) FROM t")).scalar_one()


def test_a_reader_cannot_write_and_the_next_writer_can(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE t (n INTEGER)"))

    with reading(engine) as reader, pytest.raises(SQLAlchemyError, match=r"read.?only"):
        reader.execute(text("INSERT INTO t VALUES (1)"))

    with engine.begin() as db:
        db.execute(text("INSERT INTO t VALUES (1)"))
        assert count(db) == 1
    engine.dispose()


def test_a_broken_rule_names_the_rule_and_never_the_person(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE person (phone_number VARCHAR(20) UNIQUE)"))
        db.execute(text("INSERT INTO person VALUES ('+13125550101')"))

    with pytest.raises(IntegrityError) as caught, engine.begin() as db:
        db.execute(text("INSERT INTO person VALUES (:number)"), {"number": "+13125550101"})

    assert "person" in str(caught.value)
    assert "0101" not in str(caught.value)
    assert "0101" not in str(caught.value.orig)
    engine.dispose()


def test_a_postgresql_session_commits_for_good_and_tells_the_time_in_utc(
    postgres_database_url: str,
) -> None:
    engine = open_engine(postgres_database_url)
    execute(engine, "ALTER ROLE postgres SET synchronous_commit = off")
    engine.dispose()

    try:
        assert scalar(engine, "SHOW synchronous_commit") == "on"
        assert scalar(engine, "SHOW timezone") == "UTC"
    finally:
        execute(engine, "ALTER ROLE postgres RESET synchronous_commit")
        engine.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_common_way_to_write_a_postgresql_url_is_understood(
    scheme: str, postgres_database_url: str
) -> None:
    engine = open_engine(postgres_database_url.replace("postgresql+psycopg", scheme))

    assert scalar(engine, "SELECT 1") == 1
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://outdial:{PASSWORD}@127.0.0.1:1/ledger",
        f"postgresql://outdial:{PASSWORD}@127.0.0.1:port/ledger",
        f"postgresql://127.0.0.1:1/ledger?password={PASSWORD}",
        f"mysql://outdial:{PASSWORD}@127.0.0.1/ledger",
        f"//{PASSWORD}",
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(LedgerError) as caught:
        open_engine(url)

    assert PASSWORD not in str(caught.value)
    assert "postgresql" in str(caught.value).lower()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_a_ledger_that_would_not_outlive_the_process_is_refused(url: str) -> None:
    with pytest.raises(LedgerError, match="outlive"):
        open_engine(url)


def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,phone_number\n" * 100)

    with pytest.raises(LedgerError, match="not a SQLite database"):
        open_engine(f"sqlite:///{file}")

    assert file.read_text().startswith("name,phone_number\n")


def test_a_ledger_that_another_process_holds_is_told_so(
    sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sqlite_database_url.removeprefix("sqlite:///")
    open_engine(sqlite_database_url).dispose()
    patient = [pragma for pragma in engines._PRAGMAS if "busy_timeout" not in pragma]
    monkeypatch.setattr(engines, "_PRAGMAS", (*patient, "PRAGMA busy_timeout = 1"))
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(LedgerError, match="held by another process"):
        open_engine(sqlite_database_url)

    other.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(LedgerError, match="OUTDIAL_DATABASE_URL"):
        open_engine(f"sqlite:///{tmp_path}/taken/ledger.db")


@pytest.mark.parametrize("file_mode, folder_mode", [(0o444, 0o755), (0o644, 0o555)])
def test_a_ledger_without_the_right_to_write_says_which_right_is_missing(
    file_mode: int, folder_mode: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "ledger.db"
        sqlite3.connect(file).executescript("CREATE TABLE t (n INTEGER)").connection.close()
        file.chmod(file_mode)
        Path(name).chmod(folder_mode)
        privileged = os.geteuid() == 0
        if privileged:
            os.seteuid(UNPRIVILEGED)
        try:
            with pytest.raises(LedgerError, match="right to write"):
                open_engine(f"sqlite:///{file}")
        finally:
            if privileged:
                os.seteuid(0)
            Path(name).chmod(0o755)
