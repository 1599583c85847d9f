"""The installed program as a process that can be stopped, woken, interrupted and killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from tests.outdial.command import PROGRAM, Ran

PATIENCE_SECONDS = 180.0


def wait_until(reached: Callable[[], object], told: Callable[[], str] = lambda: "") -> None:
    """Wait for what other processes do; fail with what `told` says after some minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, told()
        time.sleep(0.02)


class Program:
    """`outdial ...`, at work; a session of its own, so that signals reach it and nobody else."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], env: Mapping[str, str]) -> None:
        number = len(list(folder.glob("*.stderr")))
        self._out, self._err = (folder / f"{number}.{name}" for name in ("stdout", "stderr"))
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = self._start(arguments, env, out, err)

    @staticmethod
    def _start(
        arguments: tuple[str, ...], env: Mapping[str, str], out: IO[bytes], err: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **env},
            start_new_session=True,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it, as a terminal or an init system does."""
        os.kill(self.process.pid, number)

    def until(self, reached: Callable[[], object]) -> None:
        """Wait until something has happened that this program is to bring about."""
        wait_until(lambda: reached() or self.ended, self.told)
        assert reached(), f"it ended before: {self.told()}"

    @property
    def ended(self) -> bool:
        """It is no longer there."""
        return self.process.poll() is not None

    def end(self) -> Ran:
        """Wait for its end, and return how it ended."""
        wait_until(lambda: self.ended, self.told)
        return Ran(self.process.returncode, self._out.read_text(), self._err.read_text())

    def told(self) -> str:
        """Return what it has said so far."""
        return self._out.read_text() + self._err.read_text()

    def kill(self) -> None:
        """End it without a warning; one that has ended stays so."""
        if not self.ended:
            self.process.kill()
            self.process.wait()
