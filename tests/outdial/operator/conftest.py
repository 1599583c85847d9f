"""Somebody who steers campaigns by the command line."""

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from campaign.clock import SystemClock
from outdial.cli import cli
from simulator.clock import VirtualClock
from simulator.server import start_in_thread
from simulator.settings import SimulatorSettings
from store.ledger import Ledger
from tests.outdial.operator.workspace import API_KEY, Workspace
from tests.store.desk import Desk


@pytest.fixture
def desk(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Desk]:
    """Somebody at work at the ledger that the command line opens; its folder is the current one."""
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", sqlite_database_url)
    monkeypatch.chdir(tmp_path)
    with Ledger.open(sqlite_database_url) as ledger:
        yield Desk(ledger)


@pytest.fixture
def today(desk: Desk) -> datetime:
    """A batch without news for weeks is given up: let it be of today, as the command line is."""
    desk.now = SystemClock().now()
    return desk.now


class Terminal:
    """Somebody who types `outdial ...`."""

    def __call__(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, words, input=typed)

    def done(self, *words: str, **settings: Any) -> str:
        """Return what a command prints that ends well."""
        result = self(*words, **settings)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *words: str, **settings: Any) -> str:
        """Return what a command complains about that does nothing."""
        result = self(*words, **settings)
        assert result.exit_code == 2, result.output
        return result.stderr


@pytest.fixture
def workspace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Generator[Workspace]:
    """Somebody's workspace at Vogent, by the clock of the desk."""
    clock = VirtualClock(desk.now.timestamp())
    with start_in_thread(SimulatorSettings(), clock=clock) as simulator:
        monkeypatch.setenv("VOGENT_BASE_URL", simulator.base_urls["vogent"])
        monkeypatch.setenv("VOGENT_API_KEY", API_KEY)
        yield Workspace(simulator, clock)


@pytest.fixture
def outdial(desk: Desk) -> Terminal:
    return Terminal()
