"""Whoever says "do not call me again" to one campaign is not rung by another, however far it is."""

import asyncio
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Table, text

from outdial.cli import cli
from simulator.calls import Settle
from simulator.people import People
from simulator.settings import SimulatorSettings
from store.ledger import Ledger
from store.submissions import claiming, starting
from store.tables import METADATA
from tasks.steps import sweeping
from tasks.steps.runtime import lend
from tests.calling.people import COLUMNS, american
from tests.calling.scene import LIMITS, PACE, RECIPIENTS, rings_of
from tests.flows.campaigns import campaign
from tests.protocol import driver
from tests.protocol.world import World, begin

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)
ANN, BOB = american("312", 8), american("312", 20)
"""Ann asks not to be called again, and Bob does not mind."""
LATE_ANALYSIS = SimulatorSettings(
    people=People(mode="script"), settle=Settle(analysis=timedelta(hours=1).total_seconds())
)
"""What was said is known only an hour after the call has ended."""
SPRING = {
    "calling_windows": "any_hour",
    "opt_out": {"do_not_call": ["true"]},
    "hash_numbers": True,
}
AUTUMN = {"calling_windows": "any_hour", "min_gap": "0s"}


@dataclass
class Told:
    """What came of it."""

    rings: Counter[str] = field(default_factory=Counter[str])
    claimed: list[int] = field(default_factory=list[int])
    """How many were still to be dialled when the second campaign was about to send."""


@contextmanager
def spring_is_over(first: str, folder: Path, ledger: str) -> Generator[World]:
    """A campaign has called both, and nobody knows yet what Ann said to it."""
    people = [
        dict.fromkeys(COLUMNS, "") | {"phone_number": one, "first_name": "Ada"}
        for one in (ANN, BOB)
    ]
    with begin(
        first,
        folder,
        ledger,
        people=people,
        settings=LATE_ANALYSIS,
        start=NOON,
        recipients=RECIPIENTS,
        policy=SPRING,
        limits={**LIMITS, "start_guard": "0s"},
        polling=PACE,
    ) as world:
        yield world


async def call_again(world: World, second: str, at: str) -> Told:
    """Have another campaign call them, which learns what Ann said when it comes by a point."""
    told = Told()
    async with world.runtime() as runtime:
        await driver.run(runtime, world.file)
        await runtime.clock.sleep(timedelta(hours=1))

        def reached(point: str) -> None:
            if point == at and not told.claimed:
                told.claimed.append(still_to_be_dialled(world))
                elsewhere(world)

        runtime.ledger.at = reached  # pyright: ignore[reportAttributeAccessIssue] - a watched one
        await driver.run(runtime, another(world, second))
    told.rings.update(ring.number for ring in rings_of(world))
    return told


def another(world: World, api: str) -> Path:
    """A campaign over another provider to the same people."""
    limits = {**LIMITS, "start_guard": "0s"}
    changes = {"recipients": RECIPIENTS, "policy": AUTUMN, "limits": limits, "polling": PACE}
    file = world.file.with_name("autumn.yaml")
    file.write_text(campaign(api, "autumn", **changes).model_dump_json(exclude_defaults=True))
    return file


def still_to_be_dialled(world: World) -> int:
    query = """
        SELECT count(*) FROM attempt WHERE state IN ('assigned', 'submitted') AND dialled_at IS NULL
    """
    return rows(world, query)[0]["count(*)"]


def elsewhere(world: World) -> None:
    """Another process sweeps what is late, and so hears of Ann's wish."""

    async def sweep() -> None:
        async with world.place.runtime(world.place.wire().connect) as runtime, lend(runtime):
            for batch_id in await sweeping.due_batches(runtime):
                await driver.one_step(runtime, batch_id)

    thread = Thread(target=asyncio.run, args=[sweep()])
    thread.start()
    thread.join()


def rows(world: World, query: str) -> list[Mapping[str, Any]]:
    with Ledger.open(world.place.database_url) as ledger, ledger.reading() as db:
        return [dict(one._mapping) for one in db.execute(text(query))]


MOMENTS = [
    ("bland", "vogent", "before mark_start"),
    ("bland", "happyrobot", "after claim"),
    ("vapi", "bland", "after claim"),
    ("vogent", "vocode", "after claim"),
]


@pytest.mark.parametrize("first, second, at", MOMENTS)
async def test_whoever_asks_one_campaign_to_stop_is_not_rung_by_another_that_was_about_to_call(
    first: str, second: str, at: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with spring_is_over(first, tmp_path, sqlite_ledger) as world:
        told = await call_again(world, second, at)

    assert told.claimed == [2]
    assert told.rings == {ANN: 1, BOB: 2}


@pytest.mark.parametrize("first, second, at", MOMENTS[:2])
async def test_without_the_last_look_at_the_wire_she_would_be_rung(
    first: str,
    second: str,
    at: str,
    tmp_path: Path,
    sqlite_ledger: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_said: object, **_how: object) -> None:
        """The list was looked at when the batch was planned, and not again."""

    for module in (claiming, starting):
        monkeypatch.setattr(module, "refuse_uncallable", nobody)

    with spring_is_over(first, tmp_path, sqlite_ledger) as world:
        told = await call_again(world, second, at)

    assert told.rings == {ANN: 2, BOB: 2}


async def test_what_outlives_the_campaign_holds_a_hash_that_is_found_by_the_number(
    tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spring_is_over("bland", tmp_path, sqlite_ledger) as world:
        await call_again(world, "happyrobot", "after claim")
        kept = [
            str(dict(row))
            for table in outliving()
            for row in rows(world, f'SELECT * FROM "{table}"')  # noqa: S608 - names of ours
        ]
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", sqlite_ledger)
    found = CliRunner().invoke(cli, ["suppress", "find", ANN])
    not_found = CliRunner().invoke(cli, ["suppress", "find", BOB])

    assert any("asked not to be called again" in row for row in kept)
    assert not any(ANN.removeprefix("+") in row for row in kept)
    assert found.exit_code == 0
    assert "asked not to be called again" in found.stdout
    assert "not on the do-not-call list" in not_found.stdout


def outliving() -> Iterable[str]:
    """Tables of rows that belong to no campaign."""
    tied = {"campaign"}
    while True:
        more = {name for name, table in METADATA.tables.items() if _refers_to(table, tied)} - tied
        if not more:
            break
        tied |= more
    left = set(METADATA.tables) - tied
    assert "suppression" in left
    return sorted(left)


def _refers_to(table: Table, names: set[str]) -> bool:
    of_a_call = {"provider", "provider_call_id"} <= set(table.columns.keys())
    return of_a_call or any(key.column.table.name in names for key in table.foreign_keys)
