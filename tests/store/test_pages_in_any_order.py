"""Whatever a provider's list does, the ledger ends up with the same results."""

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.calls import Call, ListedCall
from campaign.words import Outcome
from store.calls.merging import merged
from store.ledger import Ledger
from store.planning.draft import PlannedBatch
from tests.store.desk import Desk, listed, unreadable

PEOPLE = 4
OUTCOMES = [Outcome.ANSWERED, Outcome.BUSY, Outcome.VOICEMAIL, Outcome.INVALID_NUMBER]
CONTENT = [
    "provider_call_id",
    "recipient_id",
    "attempt_no",
    "tag",
    "over",
    "outcome",
    "ended_reason",
    "started_at",
    "ended_at",
    "duration_seconds",
    "cost_usd",
    "transcript",
    "analysis",
    "missing",
]


@dataclass(frozen=True)
class Start:
    """A ledger in which a batch was accepted and nothing has come back yet."""

    file: Path
    batch: PlannedBatch
    keys: tuple[str, ...]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    file = tmp_path_factory.mktemp("start") / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        desk = Desk(ledger)
        batch = desk.placed(PEOPLE)
        return Start(file, batch, tuple(row["key"] for row in desk.attempts()))


def history(desk: Desk, key: str, outcome: Outcome) -> list[Call]:
    """What a provider tells about one call, from its beginning to its end."""
    end = replace(
        desk.call(key, outcome),
        transcript="agent: hello",
        analysis="{}",
        cost_usd=Decimal("0.25"),
    )
    early = {"transcript": None, "analysis": None, "cost_usd": None}
    ended = replace(end, missing=frozenset({"transcript", "cost", "analysis"}), **early)
    running = replace(
        ended,
        over=False,
        outcome=Outcome.UNKNOWN,
        ended_reason="",
        ended_at=None,
        duration_seconds=None,
        missing=frozenset(),
    )
    undecided = replace(ended, outcome=Outcome.UNKNOWN, missing=ended.missing | {"outcome"})
    return [running, undecided, ended, end]


def rows_of(desk: Desk, keys: Sequence[str], outcomes: Sequence[Outcome]) -> list[ListedCall]:
    calls = [
        listed(call, version)
        for key, outcome in zip(keys, outcomes, strict=True)
        for version, call in enumerate(history(desk, key, outcome))
    ]
    return [*calls, unreadable('{"id": 1'), unreadable("null")]


def results(start: Start, pages: Sequence[Sequence[ListedCall]]) -> dict[str, Any]:
    """Sweep through pages in a fresh copy of the ledger, and return what is then known."""
    with TemporaryDirectory() as folder:
        file = shutil.copy(start.file, folder)
        with Ledger.open(f"sqlite:///{file}") as ledger:
            desk = Desk(ledger)
            for number, page in enumerate(pages, start=1):
                last = number == len(pages)
                desk.page(start.batch, page, next=None if last else str(number))
            raws = [
                bytes(row["raw"])
                for table in ("call", "call_version", "unread_row")
                for row in desk.rows(table, "raw_sha256")
            ]
            return {
                "calls": [[row[name] for name in CONTENT] for row in desk.stored()],
                "attempts": desk.attempts(),
                "recipients": desk.recipients(),
                "raws": set(raws),
                "incidents": desk.incidents(),
            }


def cut(rows: Sequence[ListedCall], cuts: Sequence[int]) -> Iterator[Sequence[ListedCall]]:
    for begin, end in pairwise([0, *sorted(cuts), len(rows)]):
        yield rows[begin:end]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=PEOPLE, max_size=PEOPLE),
    seed=st.integers(0, 2**32),
    repeats=st.integers(0, 20),
    cuts=st.lists(st.integers(0, 18), max_size=6),
)
def test_pages_in_any_order_with_any_repeats_lead_to_the_same_results(
    start: Start, outcomes: list[Outcome], seed: int, repeats: int, cuts: list[int]
) -> None:
    with Ledger.open(f"sqlite:///{start.file}") as ledger:
        rows = rows_of(Desk(ledger), start.keys, outcomes)
    chance = random.Random(seed)
    shuffled = rows + chance.choices(rows, k=repeats)
    chance.shuffle(shuffled)

    in_order = results(start, [rows])
    anyhow = results(start, list(cut(shuffled, cuts)))

    assert anyhow == in_order
    assert anyhow["raws"] == {row.raw for row in rows}
    assert anyhow["incidents"] == []


@given(data=st.data())
def test_merging_never_forgets(data: st.DataObject) -> None:
    call = st.builds(
        Call,
        id=st.just("c"),
        key=st.none(),
        to=st.none(),
        over=st.booleans(),
        outcome=st.sampled_from(Outcome),
        cost_usd=st.none() | st.just(Decimal(1)),
        transcript=st.none() | st.just("agent: hi"),
        opted_out=st.booleans(),
        missing=st.frozensets(st.sampled_from(["cost", "transcript", "outcome"])),
    )
    # Adapters tell no outcome before the end.
    call = call.map(lambda one: one if one.over else replace(one, outcome=Outcome.UNKNOWN))
    new, old = data.draw(call), data.draw(call)

    one = merged(new, old)

    assert one.over == (new.over or old.over)
    assert one.opted_out == (new.opted_out or old.opted_out)
    assert (one.outcome is Outcome.UNKNOWN) <= (new.outcome is old.outcome is Outcome.UNKNOWN)
    assert (one.cost_usd is None) == (new.cost_usd is old.cost_usd is None)
    assert (one.transcript is None) == (new.transcript is old.transcript is None)
    assert "cost" not in one.missing or one.cost_usd is None
    assert merged(new, one) == one
    assert merged(one, one) == one
