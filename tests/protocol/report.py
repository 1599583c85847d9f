"""What came of a torture, as a page to be kept."""

import json
import platform
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

_DOUBLE = ("I1", "I2")
_LOST = ("I5", "I6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case."""

    api: str
    fault: str
    kills: tuple[str, ...]
    database: str
    seed: int
    landed: int
    """Of its kills; others wait at a point that nobody came by."""
    complaints: tuple[str, ...]
    held: int
    submissions: int
    seconds: float

    @classmethod
    def read(cls, line: str) -> Self:
        """Read it from JSON."""
        said = json.loads(line)
        return cls(**said | {name: tuple(said[name]) for name in ("kills", "complaints")})

    @property
    def title(self) -> str:
        """The case in one line."""
        said = [self.api, self.database, self.fault, *(f"killed at {name}" for name in self.kills)]
        return " / ".join(part for part in said if part)

    @property
    def group(self) -> str:
        """The kind of fault, for the table."""
        if self.kills:
            return "killed twice" if len(self.kills) > 1 else "killed once"
        return self.fault.partition(":")[0] if ":" in self.fault else "single calls"

    def broke(self, names: Iterable[str]) -> bool:
        """One of these invariants does not hold."""
        return any(complaint.startswith(tuple(names)) for complaint in self.complaints)


def write_report(file: Path, outcomes: Sequence[Outcome], *, planned: int, seed: int) -> None:
    """Write the page."""
    file.write_text("\n".join(_lines(outcomes, planned, seed)) + "\n")


def _lines(outcomes: Sequence[Outcome], planned: int, seed: int) -> Iterator[str]:
    kills = [one for one in outcomes if one.kills]
    yield "# Torture report"
    yield ""
    yield "Made by `make torture`. Every run is one campaign against the simulator, brought to rest"
    yield "and judged by the simulator's own ledger; the invariants are in `tests/protocol`."
    yield ""
    yield f"- commit {_commit()}, seed {seed}, {datetime.now(UTC):%Y-%m-%d}, {_machine()}"
    hours = sum(one.seconds for one in outcomes) / 3600
    yield f"- {len(outcomes)} runs of {planned}, {hours:.1f} hours"
    yield f"- {len(kills)} runs with kills, {sum(one.landed for one in kills)} kills landed"
    yield f"- dialled twice: {sum(one.broke(_DOUBLE) for one in outcomes)}"
    yield f"- lost: {sum(one.broke(_LOST) for one in outcomes)}"
    yield f"- any other complaint: {sum(_other(one) for one in outcomes)}"
    yield ""
    yield from _table(outcomes)
    yield ""
    yield from _held(outcomes)
    bad = [one for one in outcomes if one.complaints]
    if bad:
        yield ""
        yield "## Complaints"
        yield ""
    for one in bad:
        yield f"- {one.title}"
        yield from (f"    - {complaint}" for complaint in one.complaints)


def _other(one: Outcome) -> bool:
    return bool(one.complaints) and not one.broke((*_DOUBLE, *_LOST))


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Runs, doubles, losses and held submissions by API and kind of fault."""
    groups: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.api, one.group].append(one)
    yield "| API | fault | runs | dialled twice | lost | other | submissions | held |"
    yield "|---|---|---|---|---|---|---|---|"
    for (api, group), ones in sorted(groups.items()):
        doubles = sum(one.broke(_DOUBLE) for one in ones)
        lost, other = sum(one.broke(_LOST) for one in ones), sum(map(_other, ones))
        submissions, held = sum(one.submissions for one in ones), sum(one.held for one in ones)
        yield (
            f"| {api} | {group} | {len(ones)} | {doubles} | {lost} | {other}"
            f" | {submissions} | {held} |"
        )


def _held(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """After which faults something stays held: as few as the providers' APIs permit."""
    faults: defaultdict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if not one.kills:
            faults[one.fault].append(one)
    yield "## What stays held"
    yield ""
    yield "A submission stays held where nobody but a person can know whether it was placed."
    yield ""
    yield "| fault | APIs | submissions | held |"
    yield "|---|---|---|---|"
    for fault, ones in sorted(faults.items()):
        held = sum(one.held for one in ones)
        if held:
            apis = ", ".join(sorted({one.api for one in ones if one.held}))
            yield f"| {fault} | {apis} | {sum(one.submissions for one in ones)} | {held} |"


def _commit() -> str:
    said = subprocess.run(
        ["git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
