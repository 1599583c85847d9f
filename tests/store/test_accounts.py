from collections.abc import Generator
from datetime import timedelta

import pytest

from campaign.errors import RateLimited
from store.accounts import memory as accounts
from store.ledger import Ledger
from tests.store.desk import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def two(database_url: str) -> Generator[tuple[Ledger, Ledger]]:
    """Two runners' ledgers in one database."""
    with Ledger.open(database_url) as one, Ledger.open(database_url) as other:
        yield one, other


def refusal(seconds: float | None, *, capacity: bool = False) -> RateLimited:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return RateLimited("no", retry_after=wait, capacity=capacity, status=429)


def opened(ledger: Ledger, fingerprint: str = "f00d", provider: str = "vogent") -> str:
    return ledger.run_sync(accounts.open_account, provider, fingerprint, NOON)


def test_what_one_runner_was_told_all_others_know(two: tuple[Ledger, Ledger]) -> None:
    one, other = two
    one.run_sync(accounts.refused, opened(one), refusal(90), NOON)

    known = other.run_sync(accounts.patience, opened(other))

    assert known.wait(NOON, dials=False) == 90 * SECOND


def test_another_key_is_another_account(ledger: Ledger) -> None:
    ledger.run_sync(accounts.refused, opened(ledger), refusal(90), NOON)

    known = ledger.run_sync(accounts.patience, opened(ledger, "beef"))

    assert known.wait(NOON, dials=True) == timedelta(0)


def test_an_account_is_named_by_a_hash_that_only_this_ledger_can_make(
    ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('other') / 'ledger.db'}") as other:
        assert opened(ledger) != opened(other)
    assert opened(ledger) == opened(ledger)
    assert "f00d" not in opened(ledger)


def test_a_missing_line_stops_calls_alone(ledger: Ledger) -> None:
    ledger.run_sync(accounts.refused, opened(ledger), refusal(None, capacity=True), NOON)

    known = ledger.run_sync(accounts.patience, opened(ledger))
    [told] = ledger.run_sync(accounts.left_alone, ["vogent"], NOON)

    assert known.wait(NOON, dials=False) == timedelta(0)
    assert known.wait(NOON, dials=True) > timedelta(0)
    assert (told.lines_only, told.reason) == (True, "has no free line")


def test_an_account_that_may_be_asked_again_is_not_told_of(ledger: Ledger) -> None:
    ledger.run_sync(accounts.refused, opened(ledger), refusal(90), NOON)

    [told] = ledger.run_sync(accounts.left_alone, ["vogent", "vapi"], NOON)

    assert (told.provider, told.reason) == ("vogent", "asked us to wait (429)")
    assert not ledger.run_sync(accounts.left_alone, ["vapi"], NOON)
    assert not ledger.run_sync(accounts.left_alone, ["vogent"], NOON + 90 * SECOND)
