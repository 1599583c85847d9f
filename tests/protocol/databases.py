"""Empty ledgers outside of pytest: copies of one SQLite file, databases of one server."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from psycopg import sql
from sqlalchemy import make_url

from store.ledger import Ledger
from tests.fixtures import databases as fixtures
from tests.fixtures.session import Session, quick_folder
from tests.protocol.world import copy_ledger


class Databases:
    """As long as it is open there is a server, once somebody asks for it."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="outdial-torture-", dir=quick_folder()))
        self._folder.chmod(0o711)
        self._alive = os.open(self._folder / "alive", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        self._session = Session(self._folder)
        self._template = self._folder / "empty.db"
        Ledger.open(f"sqlite:///{self._template}").close()
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._alive)
        for ended in self._folder.glob("*.ended"):
            with ended.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # Its server is gone.
        shutil.rmtree(self._folder)

    @contextmanager
    def empty(self, kind: str, folder: Path) -> Generator[str]:
        """URL of an empty ledger, `sqlite` or `postgresql`."""
        if kind == "sqlite":
            yield copy_ledger(self._template, folder)
            return
        server = self._session.once("postgres", lambda: fixtures.start_postgres(self._session))
        template = self._session.once("empty-ledger", lambda: _make_template(server))
        name = f"torture_{uuid.uuid4().hex}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        fixtures.execute(server, copy.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            fixtures.execute(server, drop)


def _make_template(server: str) -> str:
    name = "empty_ledger"
    fixtures.execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    Ledger.open(make_url(server).set(database=name).render_as_string(hide_password=False)).close()
    return name
