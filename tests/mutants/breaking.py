"""Have mutmut break a copy of the source, and read what came of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.documents.pages import ROOT
from tests.mutants.targets import NOT_BROKEN, Target
from tests.sabotage.source import PACKAGES

_SURVIVED = frozenset({0, 5, 33})
"""Of pytest: all passed, or there was nothing to try; of mutmut: no test comes by."""
_HUNG = frozenset({24, -24, 36, 152, 255})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change, and what became of it."""

    module: str
    name: str
    verdict: str
    """`noticed`, `hung` or `survived`."""
    was: str = ""
    becomes: str = ""


def mutants_of(target: Target, tool: Path, folder: Path, children: int) -> list[Mutant]:
    """Break a target's modules in a copy of the source; `tool` is where mutmut is installed."""
    _copy(folder)
    with (folder / "pyproject.toml").open("a") as settings:
        settings.write(_settings(target))
    environment = {**os.environ, "PYTHONPATH": str(tool)}
    run = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    subprocess.run(run, cwd=folder, env=environment, check=True)
    return [one for module in target.modules for one in _read(folder, module, environment)]


def _copy(folder: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in files.stdout.rstrip("\0").split("\0"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def _settings(target: Target) -> str:
    options = ["-p", "no:cacheprovider", "-m", "not proof and not processes"]
    chosen = ["-k", f"not ({target.without})"] if target.without else []
    said: dict[str, Sequence[str]] = {
        "source_paths": [*PACKAGES, "simulator"],
        "only_mutate": target.modules,
        "do_not_mutate_patterns": NOT_BROKEN,
        "also_copy": ["deployments", "docs", "examples", "README.md"],
        "pytest_add_cli_args_test_selection": target.tests,
        "pytest_add_cli_args": [*options, *chosen],
    }
    lines = [f"{name} = {json.dumps(list(value))}" for name, value in said.items()]
    # Tests have threads, which a plain fork would lose; a busy machine is no hang.
    lines += ['process_isolation = "forkserver"', "timeout_constant = 30.0"]
    return "\n".join(["", "[tool.mutmut]", *lines, "timeout_multiplier = 3.0", ""])


def _read(folder: Path, module: str, environment: dict[str, str]) -> Iterator[Mutant]:
    known = json.loads((folder / "mutants" / f"{module}.meta").read_text())["exit_code_by_key"]
    for name, code in known.items():
        if code is None:
            raise RuntimeError(f"{name} was not tried")
        if code not in _SURVIVED:
            yield Mutant(module, name, "hung" if code in _HUNG else "noticed")
            continue
        show = [sys.executable, "-m", "mutmut", "show", name]
        shown = subprocess.run(
            show, cwd=folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        yield Mutant(module, name, "survived", _changed(shown, "-"), _changed(shown, "+"))


def _changed(diff: Sequence[str], sign: str) -> str:
    lines = [line[1:].strip() for line in diff if line[:1] == sign and line[:3] != sign * 3]
    return " ".join(line for line in lines if line)
