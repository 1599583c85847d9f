"""A simulated telephone network and a ledger, both empty."""

from collections.abc import Generator
from pathlib import Path

import pytest

from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Generator[RunningSimulator]:
    """All five providers on loopback, three hundred times as fast as life; keys are set."""
    with start_in_thread(SimulatorSettings(speed=300, seed=7)) as running:
        for provider, url in running.base_urls.items():
            monkeypatch.setenv(f"{provider.upper()}_BASE_URL", url)
            monkeypatch.setenv(f"{provider.upper()}_API_KEY", "test-key")
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_database_url: str) -> Path:
    """Where the campaign's files are; the ledger's URL is set."""
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", sqlite_database_url)
    monkeypatch.chdir(tmp_path)
    return tmp_path
