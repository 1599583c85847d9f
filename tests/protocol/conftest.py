"""Empty ledgers for the proof, made once and copied."""

from pathlib import Path

import pytest

from store.ledger import Ledger
from tests.fixtures.session import Session
from tests.protocol.world import copy_ledger


@pytest.fixture(scope="session")
def empty_ledger(session: Session) -> Path:
    """A SQLite ledger with all its tables and no row."""

    def make() -> str:
        file = session.folder / "empty.db"
        Ledger.open(f"sqlite:///{file}").close()
        return str(file)

    return Path(session.once("empty-ledger", make))


@pytest.fixture
def sqlite_ledger(empty_ledger: Path, tmp_path: Path) -> str:
    """URL of an empty SQLite ledger."""
    return copy_ledger(empty_ledger, tmp_path)
