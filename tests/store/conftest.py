"""An open ledger on each database, and a campaign in it."""

from collections.abc import Iterator

import pytest

from store.ledger import Ledger
from tests.store.desk import Desk


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger.open(database_url) as ledger:
        yield ledger


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """A ledger on each database with somebody who works at it."""
    return Desk(ledger)


@pytest.fixture
def sqlite_desk(sqlite_database_url: str) -> Iterator[Desk]:
    with Ledger.open(sqlite_database_url) as ledger:
        yield Desk(ledger)
