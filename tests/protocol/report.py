"""What came of a torture, as a page to be kept: figures that no other machine would change."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.protocol.outcomes import Outcome
from tests.protocol.trials import Trial

K = TypeVar("K")

_PROMISES = {"dialled twice": ("I1", "I2"), "lost": ("I5", "I6")}
"""What is counted by itself, and the invariants that tell of it."""


def write_report(
    file: Path, outcomes: Sequence[Outcome], *, planned: Sequence[Trial], seed: int
) -> None:
    """Write the page."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(_lines(outcomes, planned, seed)) + "\n")


def _lines(outcomes: Sequence[Outcome], planned: Sequence[Trial], seed: int) -> Iterator[str]:
    yield "# Torture report"
    yield ""
    yield "Made by `make torture`. Every run is one campaign against the simulator, brought to rest"
    yield "and judged by the simulator's own ledger; the invariants are in `tests/protocol`."
    yield ""
    yield from _figures(outcomes, seed)
    yield ""
    yield from _coverage(outcomes, planned)
    if len(outcomes) < len(planned):
        yield ""
        yield "**Not complete:** what was not tried is not proved by this run. The whole of it:"
        yield f"`make torture SEED={seed} RESULTS=FILE`, which may be broken off and goes on."
    yield ""
    yield from _by_fault(outcomes)
    yield ""
    yield from _held(outcomes)
    yield from _complaints(outcomes)


def _figures(outcomes: Sequence[Outcome], seed: int) -> Iterator[str]:
    commits = Counter(one.commit for one in outcomes)
    made = ", ".join(f"{name} ({count})" for name, count in commits.most_common())
    yield f"- seed {seed}; runs by commit: {made or 'none'}"
    kills = [one for one in outcomes if one.trial.kills]
    landed = sum(one.landed for one in kills)
    yield f"- {len(outcomes)} runs, {len(kills)} of them with kills; {landed} kills landed"
    for what, names in _PROMISES.items():
        yield f"- {what}: {sum(_broke(one, names) for one in outcomes)}"
    named = [name for names in _PROMISES.values() for name in names]
    yield f"- any other complaint: {sum(_broke_other(one, named) for one in outcomes)}"


def _coverage(outcomes: Sequence[Outcome], planned: Sequence[Trial]) -> Iterator[str]:
    """How much of what there is to try was tried."""
    done = Counter((one.trial.database, _kind(one.trial)) for one in outcomes)
    yield "| database | what | there are | tried |"
    yield "|---|---|---|---|"
    for place, count in sorted(Counter((one.database, _kind(one)) for one in planned).items()):
        database, kind = place
        yield f"| {database} | {kind} | {count} | {done[place]} |"


def _kind(trial: Trial) -> str:
    return trial.group if trial.kills else "faults"


def _by_fault(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Runs, complaints and held submissions by API and kind of fault."""
    yield "| API | fault | runs | complaints | submissions | held | share |"
    yield "|---|---|---|---|---|---|---|"
    groups = _grouped((f"{one.trial.api} | {one.trial.group}", one) for one in outcomes)
    for place, ones in groups:
        complaints = sum(bool(one.complaints) for one in ones)
        submissions, held = sum(one.submissions for one in ones), sum(len(one.held) for one in ones)
        share = held / submissions if submissions else 0
        yield f"| {place} | {len(ones)} | {complaints} | {submissions} | {held} | {share:.0%} |"


def _held(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """After which faults something stays held: as few as the providers' APIs permit."""
    yield "## What stays held"
    yield ""
    yield "A submission stays held where nobody but a person can know whether it was placed."
    yield "The last column is from the simulator's ledger: what came of its last request."
    yield ""
    yield "| fault | APIs | submissions | held | of these |"
    yield "|---|---|---|---|---|"
    for fault, ones in _grouped((one.trial.fault or "none", one) for one in outcomes if one.held):
        apis = ", ".join(sorted({one.trial.api for one in ones}))
        submissions, held = sum(one.submissions for one in ones), sum(len(one.held) for one in ones)
        known = Counter(what for one in ones for what in one.held)
        reasons = "; ".join(f"{count} {what}" for what, count in known.most_common())
        killed = " (with kills)" if all(one.trial.kills for one in ones) else ""
        yield f"| {fault}{killed} | {apis} | {submissions} | {held} | {reasons} |"


def _complaints(outcomes: Sequence[Outcome]) -> Iterator[str]:
    bad = [one for one in outcomes if one.complaints]
    if bad:
        yield ""
        yield "## Complaints"
        yield ""
    for one in bad:
        yield f"- {one.trial.title}"
        yield from (f"    - {complaint}" for complaint in one.complaints)


def _broke(one: Outcome, names: Iterable[str]) -> bool:
    return any(complaint.partition(" ")[0] in names for complaint in one.complaints)


def _broke_other(one: Outcome, named: Iterable[str]) -> bool:
    return any(complaint.partition(" ")[0] not in named for complaint in one.complaints)


def _grouped(pairs: Iterable[tuple[K, Outcome]]) -> list[tuple[K, list[Outcome]]]:
    groups: defaultdict[K, list[Outcome]] = defaultdict(list)
    for key, one in pairs:
        groups[key].append(one)
    return sorted(groups.items(), key=lambda pair: str(pair[0]))
