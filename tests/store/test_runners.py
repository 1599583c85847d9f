"""A runner lives as long as its process, whatever becomes of the processes that it forks."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.runners import Runner

# A program of its own: pytest has threads, and a fork of those is warned of.
FORKING = """
import os, signal, sys
from pathlib import Path
from store.runners import Runner

with Runner(Path(sys.argv[1])) as runner:
    child = os.fork()
    if child == 0 and sys.argv[2] == "leaves":
        sys.exit()
    if child == 0:
        signal.pause()
    if sys.argv[2] == "leaves":
        os.waitpid(child, 0)
    print(child, runner.name, flush=True)
    signal.pause()
"""


@contextmanager
def forked(folder: Path, child: str) -> Generator[tuple[subprocess.Popen[str], int, str]]:
    """A runner that has forked a child which `leaves` or `stays`: its process, the child, name."""
    command = [sys.executable, "-c", FORKING, str(folder), child]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, name = parent.stdout.readline().split()
        try:
            yield parent, int(pid), name
        finally:
            parent.kill()
            if child == "stays":
                os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def observer(tmp_path: Path) -> Generator[Runner]:
    with Runner(tmp_path) as one:
        yield one


def test_a_forked_child_does_not_keep_a_dead_runner_alive(observer: Runner, tmp_path: Path) -> None:
    with forked(tmp_path, "stays") as (parent, child, name):
        assert observer.is_alive(name)

        parent.kill()
        parent.wait()

        os.kill(child, 0)  # It lives.
        assert observer.is_dead(name)


def test_a_forked_child_that_leaves_does_not_say_that_its_runner_is_gone(
    observer: Runner, tmp_path: Path
) -> None:
    with forked(tmp_path, "leaves") as (_, _, name):
        assert observer.is_alive(name)
        assert not observer.is_dead(name)


def test_a_runner_that_is_closed_twice_is_gone_once(observer: Runner, tmp_path: Path) -> None:
    one = Runner(tmp_path)
    one.close()
    one.close()

    assert observer.is_dead(one.name)
