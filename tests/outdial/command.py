"""The command line as people use it: in this process, or as the installed program."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from outdial.cli import cli

PROGRAM = str(Path(sys.executable).parent / "outdial")


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


def outdial(*arguments: str | Path, env: Mapping[str, str] | None = None, typed: str = "") -> Ran:
    """Run a verb in this process."""
    result = CliRunner().invoke(cli, [str(one) for one in arguments], env=env, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def program(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
    """Run the installed program in a process of its own."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
