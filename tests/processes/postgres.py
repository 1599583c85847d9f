"""A PostgreSQL server of one test's own, as durable as in life, that may be killed."""

import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Self

from sqlalchemy import URL

from tests.fixtures.databases import programs_of
from tests.fixtures.session import Session


class OwnPostgres:
    """A server with fsync on; as long as it is open it runs, or is about to again."""

    def __init__(self, session: Session) -> None:
        folder = session.folder / f"own-{uuid.uuid4().hex[:8]}"
        folder.mkdir(mode=0o711)
        self._programs, self._user = programs_of(folder)
        self._folder, self._data = folder, folder / "data"
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            shutil.chown(self._data, self._user)
        self.url = URL.create(
            "postgresql+psycopg",
            username="postgres",
            database="postgres",
            query={"host": str(self._data)},
        ).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        self._do("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres")
        settings = f"-k {self._data} -c listen_addresses= -c shared_buffers=32MB -c fsync=on"
        self._control("start", "--options", settings)
        return self

    def __exit__(self, *_error: object) -> None:
        self._control("stop", "--mode", "immediate")
        shutil.rmtree(self._folder)

    def restart_at_once(self) -> None:
        """Kill it without a checkpoint, as a power cut would, and start it again."""
        self._control("restart", "--mode", "immediate")

    def _control(self, verb: str, *settings: str) -> None:
        self._do("pg_ctl", verb, "--wait", "--silent", "--log", str(self._data / "log"), *settings)

    def _do(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "--pgdata", self._data, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=Path("/"),
            user=self._user,
            extra_groups=None if self._user is None else [],
        )
