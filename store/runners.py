"""Who is at work, and proof that somebody no longer is.

Every runner holds a locked file while it lives. The lock goes only with the process's death, not
with a pause, a suspended machine or a closed lid, so a lock that can be had is a proof of death and
no clock is asked. Runners on other hosts cannot be judged so: their claims end by the lease, and
the epoch in every guard keeps a late one from writing.
"""

import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

from platformdirs import user_state_path
from sqlalchemy import Engine

_SEPARATOR = "~"
_OPEN: "WeakSet[Runner]" = WeakSet()


def locks_of(engine: Engine) -> Path:
    """Where runners on this machine keep their locks: beside the SQLite file, or at the user's."""
    url = engine.url
    if engine.dialect.name == "sqlite" and url.database:
        return Path(f"{url.database}.runners").absolute()
    name = hashlib.sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]
    return user_state_path("outdial") / "runners" / name


class Runner:
    """This process, as the ledger knows it. Close it, or use it as a context manager."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._place = _place(directory)
        self.name = _SEPARATOR.join((self._place, str(os.getpid()), secrets.token_hex(4)))
        """Unique over all runners."""
        # Python opens files with O_CLOEXEC: no program that we start inherits the lock.
        self._file: int | None = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        _OPEN.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say that this runner is gone."""
        if self._file is not None:
            self._path(self.name).unlink(missing_ok=True)
            self.let_go()

    def let_go(self) -> None:
        """Leave the lock to whoever else shares it, and touch nothing of this runner any more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_dead(self, owner: str) -> bool:
        """Return whether a runner has provably ended.

        False for runners that do not share our directory: nothing can be proved about them from
        here.
        """
        return self._lives(owner) is False

    def is_alive(self, owner: str) -> bool:
        """Return whether another runner provably lives, be it asleep."""
        return owner != self.name and self._lives(owner) is True

    def _lives(self, owner: str) -> bool | None:
        """None: nobody here can know."""
        if owner == self.name:
            return True
        if owner.partition(_SEPARATOR)[0] != self._place:
            return None
        try:
            file = os.open(self._path(owner), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            self._path(owner).unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def _path(self, owner: str) -> Path:
        return self._directory / f"{owner}.lock"


def _leave_to_the_parent() -> None:
    """A forked child is not the runner: it neither keeps a dead one alive nor ends a living one."""
    for runner in _OPEN:
        runner.let_go()


# A fork shares the lock, which lasts until the last of those who share it has closed the file.
os.register_at_fork(after_in_child=_leave_to_the_parent)


def _place(directory: Path) -> str:
    """A name for this directory, the same for all who can see its locks, and for nobody else."""
    alone = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(alone, fcntl.LOCK_EX)
        file = directory / "place"
        known = file.read_text() if file.exists() else ""
        if not known:
            known = secrets.token_hex(8)
            file.write_text(known)
        return known
    finally:
        os.close(alone)
