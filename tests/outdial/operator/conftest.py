"""Somebody who steers campaigns by the command line."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from outdial.cli import cli
from store.ledger import Ledger
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
def outdial(desk: Desk) -> Terminal:
    return Terminal()
