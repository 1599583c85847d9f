import logging
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from store.ledger import Ledger


@pytest.fixture(autouse=True)
def surroundings(
    tmp_path: Path, sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Generator[None]:
    """Work in a folder and on a ledger of the test's own; leave the process as it was."""
    before, make_record = dict(os.environ), logging.getLogRecordFactory()
    level = logging.getLogger("httpx").level
    monkeypatch.chdir(tmp_path)
    os.environ["OUTDIAL_DATABASE_URL"] = sqlite_database_url
    yield
    os.environ.clear()
    os.environ.update(before)
    logging.setLogRecordFactory(make_record)
    logging.getLogger("httpx").setLevel(level)


@pytest.fixture
def ledger(surroundings: None, sqlite_database_url: str) -> Generator[Ledger]:
    with Ledger.open(sqlite_database_url) as opened:
        yield opened
