import logging

import pytest

from store import suppressions
from store.ledger import Ledger
from store.suppressions import NumberHash
from tests.store.desk import NOON, Desk, number


def add(desk: Desk, *numbers: str, in_clear: bool = True) -> int:
    return desk.ledger.run_sync(
        suppressions.add,
        numbers,
        reason="asked by letter",
        source="office",
        now=NOON,
        in_clear=in_clear,
    )


def test_a_suppressed_number_is_known_until_it_is_removed(desk: Desk) -> None:
    assert add(desk, number(0)) == 1

    assert desk.ledger.run_sync(suppressions.contains, number(0))
    assert not desk.ledger.run_sync(suppressions.contains, number(1))
    assert desk.ledger.run_sync(suppressions.remove, number(0))
    assert not desk.ledger.run_sync(suppressions.contains, number(0))
    assert not desk.ledger.run_sync(suppressions.remove, number(0))


def test_many_numbers_are_suppressed_at_once_and_each_counts_once(desk: Desk) -> None:
    numbers = [number(n) for n in range(700)]

    assert add(desk, *numbers[:10]) == 10
    assert add(desk, *numbers, number(0)) == 690
    assert add(desk) == 0

    asked = [*numbers, number(750)]
    assert desk.ledger.run_sync(suppressions.among, asked) == set(numbers)


def test_a_number_that_is_kept_as_a_hash_only_is_nowhere_in_clear(desk: Desk) -> None:
    add(desk, number(0), in_clear=False)

    (row,) = desk.rows("suppression", "number_hash")
    assert row["phone_number"] is None
    assert number(0) not in str(row)
    found = desk.ledger.run_sync(suppressions.find, number(0))
    assert found is not None
    assert (found.reason, found.source, found.since) == ("asked by letter", "office", NOON)


def test_the_list_of_numbers_is_told_in_full(desk: Desk) -> None:
    add(desk, number(0), number(1))

    told = desk.ledger.run_sync(lambda db: list(suppressions.listing(db)))

    assert {one.phone_number for one in told} == {number(0), number(1)}


def test_two_ledgers_hash_the_same_number_differently(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('other')}/ledger.db") as other:
        here, there = (
            ledger.run_sync(lambda db: NumberHash(db)(number(0))) for ledger in (desk.ledger, other)
        )

    assert here != there
    assert here == desk.ledger.run_sync(lambda db: NumberHash(db)(number(0)))


def test_neither_secret_nor_number_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        add(desk, number(0))

    secret = desk.rows("ledger_setting", "name")[0]["value"]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in caplog.text
    assert number(0) not in caplog.text


def test_the_numbers_that_a_submission_is_about_to_dial_are_looked_up(desk: Desk) -> None:
    campaign = desk.campaign(people=3)
    batch = desk.plan(campaign.id)
    assert batch is not None
    add(desk, number(1), number(50))

    found = desk.ledger.run_sync(suppressions.of_submission, batch.tags[0])

    assert found == {number(1)}
