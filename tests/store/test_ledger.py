import asyncio
import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import IntegrityError

from campaign.errors import LedgerUnavailable
from store.database.settings import LedgerSettings
from store.ledger import Ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger.open(database_url) as ledger:
        yield ledger


def note(db: Connection, name: str, value: str = "") -> int:
    statement = text("INSERT INTO ledger_setting (name, value) VALUES (:name, :value)")
    db.execute(statement, {"name": name, "value": value})
    return threading.get_ident()


def names(db: Connection) -> list[str]:
    return list(db.execute(text("SELECT name FROM ledger_setting ORDER BY name")).scalars())


async def test_all_work_is_done_by_one_thread_that_is_not_the_loops(ledger: Ledger) -> None:
    threads = await asyncio.gather(*(ledger.run(note, str(n), value="x") for n in range(5)))

    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    assert await ledger.run(names) == ["0", "1", "2", "3", "4"]


async def test_work_that_fails_writes_nothing_and_tells_its_caller(ledger: Ledger) -> None:
    def fail(db: Connection) -> None:
        note(db, "half")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await ledger.run(fail)

    assert await ledger.run(names) == []


async def test_a_commit_that_fails_is_told(ledger: Ledger) -> None:
    def leave_a_reference_open(db: Connection) -> None:
        db.execute(text("CREATE TABLE a (n INTEGER PRIMARY KEY)"))
        db.execute(text("CREATE TABLE b (n INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)"))
        db.execute(text("INSERT INTO b VALUES (1)"))
        note(db, "not committed")

    with pytest.raises(IntegrityError):
        await ledger.run(leave_a_reference_open)

    assert await ledger.run(names) == []


async def test_whoever_is_cancelled_while_waiting_does_not_stop_the_work(ledger: Ledger) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db: Connection) -> None:
        begun.set()
        go_on.wait()
        note(db, "slow")

    waiting = asyncio.create_task(ledger.run(slowly))
    queued = asyncio.create_task(ledger.run(note, "queued"))
    await asyncio.to_thread(begun.wait)

    waiting.cancel()
    queued.cancel()
    results = await asyncio.gather(waiting, queued, return_exceptions=True)
    go_on.set()

    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    assert await ledger.run(names) == ["queued", "slow"]


async def test_closing_finishes_what_was_begun(database_url: str) -> None:
    async with Ledger.open(database_url) as ledger:
        work = asyncio.create_task(ledger.run(note, "last"))
        await asyncio.sleep(0)

    await work
    with Ledger.open(database_url) as ledger:
        assert ledger.run_sync(names) == ["last"]


async def test_a_connection_that_was_lost_meanwhile_is_replaced(
    postgres_database_url: str,
) -> None:
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    with (
        Ledger.open(postgres_database_url) as ledger,
        Ledger.open(postgres_database_url) as other,
    ):
        await ledger.run(note, "before")

        await other.run(
            lambda db: db.execute(
                text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
            ).all()
        )

        await ledger.run(note, "later")
        assert await ledger.run(names) == ["before", "later"]


def test_a_commit_that_broke_with_its_connection_is_told_and_not_done_again(
    postgres_database_url: str,
) -> None:
    done: list[str] = []

    def once(db: Connection) -> None:
        done.append("once")
        note(db, "once")

    with (
        Ledger.open(postgres_database_url) as ledger,
        psycopg.connect(libpq(postgres_database_url), autocommit=True) as executioner,
    ):

        def at_commit(_db: Connection) -> None:
            cut_off(executioner)

        event.listen(ledger.engine, "commit", at_commit, once=True)

        with pytest.raises(LedgerUnavailable, match="See whether the server runs, and run it"):
            ledger.run_sync(once)

        assert ledger.run_sync(names) == []
        assert done == ["once"]


def libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def cut_off(executioner: psycopg.Connection) -> None:
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    executioner.execute(
        f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE {others}"  # noqa: S608
    )


def test_a_full_database_is_told_with_its_place_and_goes_on_when_there_is_room(
    sqlite_database_url: str,
) -> None:
    def allow(db: Connection, pages: int) -> None:
        db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with Ledger.open(sqlite_database_url) as ledger:
        ledger.run_sync(allow, 1)  # As few as it has already.
        file = make_url(sqlite_database_url).database or ""

        with pytest.raises(LedgerUnavailable, match="Make room there") as caught:
            ledger.run_sync(note, "big", value="x" * 1_000_000)

        assert file in str(caught.value)
        ledger.run_sync(allow, 1_000_000)
        ledger.run_sync(note, "big", value="x" * 1_000_000)
        assert ledger.run_sync(names) == ["big"]


def test_the_environment_says_where_the_ledger_is(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", database_url)

    with Ledger.open() as ledger:
        ledger.run_sync(note, "here")

    with Ledger.open(database_url) as ledger:
        assert ledger.run_sync(names) == ["here"]


def test_without_a_setting_the_ledger_is_a_file_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OUTDIAL_DATABASE_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")

    url = LedgerSettings().database_url.get_secret_value()

    assert url.startswith("sqlite:///")
    assert url.endswith("outdial.db")


def test_the_settings_do_not_show_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", "postgresql://outdial:correct-horse@host/ledger")

    assert "correct-horse" not in repr(LedgerSettings())
