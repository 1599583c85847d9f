"""The ledger's database fails in the middle of a submit: not one byte leaves that is not marked."""

import uuid
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, event, make_url

from campaign.errors import LedgerUnavailable
from campaign.states import CampaignState
from store import campaigns
from store import ledger as door
from store.ledger import Ledger
from store.runners import Runner, locks_of
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.fixtures.databases import execute
from tests.protocol import driver, rest
from tests.protocol.clock import RunnerClock
from tests.protocol.invariants import violations
from tests.protocol.killing import Point, run_and_kill
from tests.protocol.truth import provider_of
from tests.protocol.world import World, begin

MOMENTS = ("at the claim", "at the wire mark")


class Trouble:
    """Something that a database may get into, and out of again."""

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self.begin, self.end = begin, end


class Guest:
    """A database of a user of its own, whom the server's owner may shut out."""

    def __init__(self, server: str) -> None:
        self._server, self._name = server, f"guest_{uuid.uuid4().hex}"
        self.url = (
            make_url(server)
            .set(username=self._name, database=self._name)
            .render_as_string(hide_password=False)
        )

    def order(self, statement: str, on: str = "") -> None:
        """As the server's owner; `{}` is the user, who is also the database."""
        filled = sql.SQL(statement).format(sql.Identifier(self._name))  # pyright: ignore[reportArgumentType]
        execute(on or self._server, filled)

    def set(self, said: str) -> None:
        """Change what the user may do, and let him connect anew."""
        self.order(f"ALTER ROLE {{}} {said}")
        who = sql.Literal(self._name)
        end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = {}"
        execute(self._server, sql.SQL(end).format(who))

    def no_room(self) -> Trouble:
        """Every connection is taken."""
        return Trouble(
            lambda: self.set("CONNECTION LIMIT 0"), lambda: self.set("CONNECTION LIMIT -1")
        )

    def standby(self) -> Trouble:
        """The server takes no writes, as one that others are copied to."""
        setting = "default_transaction_read_only"
        return Trouble(
            lambda: self.set(f"SET {setting} = on"), lambda: self.set(f"RESET {setting}")
        )


@pytest.fixture
def guest(postgres_url: str) -> Generator[Guest]:
    one = Guest(postgres_url)
    one.order("CREATE ROLE {} LOGIN")
    one.order("CREATE DATABASE {0} OWNER {0}")
    yield one
    one.order("DROP DATABASE {} WITH (FORCE)")
    one.order("DROP ROLE {}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away is waited for, but not for half a minute of a test."""
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.5)


@asynccontextmanager
async def runner(world: World) -> AsyncGenerator[Runtime]:
    """A runner with the real door to the ledger, of which others tests watch the inside."""
    async with Ledger.open(world.place.database_url) as ledger:
        with Runner(locks_of(ledger.engine)) as one:
            clock = RunnerClock(world.time)
            runtime = Runtime(ledger, one, clock, world.watched.connect)
            async with lend(runtime):
                yield runtime


async def submit_in(world: World, runtime: Runtime, trouble: Trouble, moment: str) -> str:
    """Submit a batch while the database gets into trouble; returns what the runner said."""

    def connected(point: str) -> None:
        if point == "connected":
            trouble.begin()

    campaign_id = await driver.enroll(runtime, world.file)
    (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
    if moment == "at the claim":
        trouble.begin()
    else:
        world.wire.hook = connected
    with pytest.raises((LedgerUnavailable, ExceptionGroup)) as raised:
        await driver.one_step(runtime, batch_id)
    world.wire.hook = None
    return told(raised.value)


def told(error: Exception) -> str:
    """What a person reads of it: submissions of a batch are sent side by side, in a group."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    assert isinstance(error, LedgerUnavailable)
    return str(error)


def submits(world: World) -> int:
    return sum(one.route == "submit" for one in world.simulator.stage.world.ledger.requests)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "trouble, remedy",
    [
        (Guest.no_room, "raise max_connections"),
        (Guest.standby, "point OUTDIAL_DATABASE_URL at the primary"),
    ],
    ids=["too many connections", "a standby"],
)
async def test_a_server_that_takes_no_mark_lets_no_byte_leave(
    moment: str, trouble: Callable[[Guest], Trouble], remedy: str, tmp_path: Path, guest: Guest
) -> None:
    away = trouble(guest)
    with begin("bland", tmp_path, guest.url, people=3) as world:
        async with runner(world) as runtime:
            said = await submit_in(world, runtime, away, moment)
        sent_meanwhile = submits(world)
        away.end()
        case = await rest.to_the_end(world)

    assert remedy in said
    assert sent_meanwhile == 0
    assert len(case.provider.rings) == 3
    assert violations(case) == []


@contextmanager
def read_only(engine: Engine) -> Generator[Trouble]:
    """SQLite as it answers when its file may only be read."""

    def refuse(db: Connection) -> None:
        db.exec_driver_sql("PRAGMA query_only = ON")

    def allow(db: Connection) -> None:
        db.exec_driver_sql("PRAGMA query_only = OFF")

    yield Trouble(
        lambda: event.listen(engine, "begin", refuse),
        lambda: event.remove(engine, "begin", refuse),
    )
    event.listen(engine, "begin", allow)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_file_that_can_only_be_read_by_now_lets_no_byte_leave(
    moment: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        async with runner(world) as runtime:
            with read_only(runtime.ledger.engine) as trouble:
                said = await submit_in(world, runtime, trouble, moment)
        sent_meanwhile = submits(world)
        case = await rest.to_the_end(world)

    assert "the right to write the file" in said
    assert str(tmp_path / "ledger.db") in said
    assert sent_meanwhile == 0
    assert len(case.provider.rings) == 3
    assert violations(case) == []


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("files", [("-wal",), ("-wal", "-shm")], ids=" ".join)
async def test_a_log_that_was_removed_lets_no_byte_leave_and_costs_nothing(
    files: tuple[str, ...], moment: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    def remove() -> None:
        for name in files:
            (tmp_path / f"ledger.db{name}").unlink()

    with begin("bland", tmp_path, sqlite_ledger, people=3) as world:
        async with runner(world) as runtime:
            said = await submit_in(world, runtime, Trouble(remove, remove), moment)
        sent_meanwhile = submits(world)
        case = await rest.to_the_end(world)

    assert "has lost its log, ledger.db-wal" in said
    assert sent_meanwhile == 0
    assert len(case.provider.rings) == 3
    assert violations(case) == []


async def test_a_ledger_whose_log_went_with_its_runner_dials_nobody_again(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("bland", tmp_path, sqlite_ledger) as world:
        assert run_and_kill(world.place, Point("after accept"))
        (tmp_path / "ledger.db-wal").unlink()
        async with world.runtime() as runtime:
            campaign_id = await driver.run(runtime, world.file)
            ended = await runtime.ledger.run(campaigns.get, campaign_id)

        rung = [ring.call.number for ring in provider_of(world.simulator.stage).rings]
    assert len(rung) == len(set(rung)) == 3
    assert ended.state is CampaignState.NEEDS_ATTENTION
