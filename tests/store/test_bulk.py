from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    select,
)
from sqlalchemy.exc import IntegrityError

from store.database import bulk
from store.database.columns import Money, UtcDateTime
from store.ledger import Ledger

THINGS = Table(
    "things",
    MetaData(),
    Column("key", String, primary_key=True),
    Column("over", Boolean),
    Column[datetime]("at", UtcDateTime),
    Column[Decimal]("cost", Money),
    Column("raw", LargeBinary),
    Column("words", Text),
    Column("number", Integer),
    Column[float]("length", Double),
)
COLUMNS = list(THINGS.columns.keys())
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ROWS = [
    ("a", True, NOON, Decimal("0.123456"), b"\0\xff", 'say "hi", \\ {NULL}', 1, 0.5),
    ("b", False, NOON + timedelta(microseconds=1), Decimal(7), b"", "", -(2**31), -1e300),
    ("c", None, None, None, None, None, None, None),
]


@pytest.fixture
def db(ledger: Ledger) -> Any:
    THINGS.metadata.create_all(ledger.engine)
    with ledger.engine.begin() as db:
        yield db


def stored(db: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(select(THINGS).order_by(THINGS.c.key))]


def test_rows_come_back_as_they_were_given(db: Connection) -> None:
    assert bulk.insert(db, THINGS, COLUMNS, ROWS) == 3

    assert stored(db) == ROWS


def test_a_column_of_nothing_but_nulls_is_stored(db: Connection) -> None:
    assert bulk.insert(db, THINGS, COLUMNS, ROWS[2:]) == 1

    assert stored(db) == ROWS[2:]


def test_columns_that_are_not_named_stay_empty(db: Connection) -> None:
    bulk.insert(db, THINGS, ["words", "key"], [("hello", "x")])

    assert stored(db) == [("x", None, None, None, None, "hello", None, None)]


def test_times_are_stored_in_utc_and_naive_ones_refused(db: Connection) -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    bulk.insert(db, THINGS, ["key", "at"], [("x", tokyo)])
    with pytest.raises(ValueError, match="naive"):
        bulk.insert(db, THINGS, ["key", "at"], [("y", datetime(2026, 7, 1))])  # noqa: DTZ001

    assert stored(db)[0][2] == NOON
    assert stored(db)[0][2].tzinfo is UTC


def test_what_is_there_already_is_passed_over_or_refused(db: Connection) -> None:
    bulk.insert(db, THINGS, COLUMNS, ROWS[:1])

    assert bulk.insert(db, THINGS, COLUMNS, [*ROWS, ROWS[1]], skip_existing=True) == 2
    with pytest.raises(IntegrityError):
        bulk.insert(db, THINGS, COLUMNS, ROWS[:1])


def test_rows_are_changed_by_their_keys_and_no_others(db: Connection) -> None:
    bulk.insert(db, THINGS, COLUMNS, ROWS)
    changes = [("new", Decimal(1), "a", 1), (None, None, "b", -(2**31)), ("lost", None, "a", 2)]

    assert bulk.update(db, THINGS, ["key", "number"], ["words", "cost"], changes) == 2

    assert [(row[0], row[5], row[3]) for row in stored(db)] == [
        ("a", "new", Decimal(1)),
        ("b", None, None),
        ("c", None, None),
    ]


def test_nothing_to_do_is_done(db: Connection) -> None:
    assert bulk.insert(db, THINGS, COLUMNS, []) == 0
    assert bulk.update(db, THINGS, ["key"], ["words"], []) == 0
