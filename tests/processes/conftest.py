from collections.abc import Generator
from pathlib import Path

import pytest

from tests.processes.stage import Stage, staged


@pytest.fixture
def stage(prefect_server: str, tmp_path: Path, database_url: str) -> Generator[Stage]:
    """A stage, once on each kind of ledger."""
    with staged(tmp_path, database_url) as set_up:
        yield set_up


@pytest.fixture
def sqlite_stage(prefect_server: str, tmp_path: Path, sqlite_database_url: str) -> Generator[Stage]:
    """A stage on SQLite."""
    with staged(tmp_path, sqlite_database_url) as set_up:
        yield set_up


@pytest.fixture
def postgres_stage(
    prefect_server: str, tmp_path: Path, postgres_database_url: str
) -> Generator[Stage]:
    """A stage on PostgreSQL."""
    with staged(tmp_path, postgres_database_url) as set_up:
        yield set_up
