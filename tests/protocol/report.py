"""What came of a torture, as a page to be kept: figures that no other machine would change."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.flows.campaigns import APIS
from tests.protocol.crashes import CRASH_TABLE
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
    yield ""
    yield from _landed(outcomes)
    yield from _complaints(outcomes)


def _figures(outcomes: Sequence[Outcome], seed: int) -> Iterator[str]:
    commits = Counter(one.commit for one in outcomes)
    made = ", ".join(f"{name} ({count})" for name, count in commits.most_common())
    yield f"- seed {seed}; runs by commit: {made or 'none'}"
    if len(commits) > 1:
        yield "- a run without complaint is kept and not repeated for a later commit: only those of"
        yield "  the last commit are proof of that commit itself"
    kills = [one for one in outcomes if one.trial.kills]
    landed = sum(one.landed for one in kills)
    yield f"- {len(outcomes)} runs, {len(kills)} of them with kills; {landed} kills landed"
    calm = [one for one in outcomes if not one.trial.kills]
    effects = sum(sum(one.effects) for one in calm)
    yield f"- without kills faults changed {effects} answers or calls in {len(calm)} runs; a fault"
    yield "  that changed nothing is a complaint"
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
    yield "Of each API: held / submitted, over all runs under the fault. The last column is from"
    yield "the simulator's ledger: what came of the last request of those that are held."
    yield ""
    yield from _header("fault", *APIS, "of these")
    for (killed, fault), ones in _grouped((_under(one), one) for one in outcomes):
        known = Counter(what for one in ones for what in one.held)
        if known:
            shares = [_share([one for one in ones if one.trial.api == api]) for api in APIS]
            reasons = "; ".join(f"{count} {what}" for what, count in known.most_common())
            yield _row(f"{fault}{' (with kills)' if killed else ''}", *shares, reasons)


def _under(one: Outcome) -> tuple[bool, str]:
    return bool(one.trial.kills), one.trial.fault or "none"


def _share(ones: Sequence[Outcome]) -> str:
    held, submissions = sum(len(one.held) for one in ones), sum(one.submissions for one in ones)
    return f"{held} / {submissions}" if submissions else ""


def _landed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """At which points runners were really killed: others came to their end before."""
    yield "## Where runners were killed"
    yield ""
    yield "Of each API: killed at the point / to be killed there. The last column counts those"
    yield "that were killed there after having been killed once before."
    yield ""
    yield from _header("point", *APIS, "second")
    for point in CRASH_TABLE:
        once = [one for one in outcomes if one.trial.kills == (point,)]
        cells = [_hits([one for one in once if one.trial.api == api]) for api in APIS]
        twice = [one for one in outcomes if one.trial.kills[1:] == (point,)]
        yield _row(point, *cells, f"{sum(one.landed > 1 for one in twice)} / {len(twice)}")


def _hits(ones: Sequence[Outcome]) -> str:
    return f"{sum(one.landed for one in ones)} / {len(ones)}" if ones else ""


def _header(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


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
