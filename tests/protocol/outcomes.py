"""Try something, judge it, and keep what came of it."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Self

from campaign.states import SubmissionState
from simulator.ledger import RequestRecord
from simulator.people import People
from simulator.settings import SimulatorSettings
from tests.protocol import rest
from tests.protocol.case import Case
from tests.protocol.certain import sure
from tests.protocol.crashes import CRASH_TABLE, PLAIN
from tests.protocol.databases import Databases, quick_folder
from tests.protocol.elsewhere import another_host, lease_runs_out
from tests.protocol.faults import SHORT_PAGES, Scenario, scenarios
from tests.protocol.invariants import violations
from tests.protocol.killing import run_and_kill
from tests.protocol.trials import Trial
from tests.protocol.world import World, begin

PEOPLE = 4
"""In two batches."""
SHORT_CALLS = SimulatorSettings(people=People(talk_seconds=(8, 60)))
CALM = Scenario(name="")
PACE = {"min": "20s", "max": "10m", "settle": "40s"}
"""Of polling: as few looks as will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one trial."""

    trial: Trial
    commit: str
    landed: int = 0
    """Of its kills; others wait at a point that nobody came by."""
    effects: tuple[int, ...] = ()
    """How often each rule of its scenario made a difference."""
    complaints: tuple[str, ...] = ()
    submissions: int = 0
    held: tuple[str, ...] = ()
    """Of each submission that stays held, what the provider knows of it."""
    seconds: float = 0.0

    @classmethod
    def read(cls, line: str) -> Self:
        """Read it from JSON."""
        said = json.loads(line)
        lists = {name: tuple(said[name]) for name in ("effects", "complaints", "held")}
        return cls(**said | lists | {"trial": Trial.read(json.dumps(said["trial"]))})

    def write(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))


def outcomes_in(file: Path) -> Iterator[Outcome]:
    """What is kept in a file; of a trial that was repeated, the last."""
    lines = file.read_text().splitlines() if file.exists() else []
    yield from {one.trial: one for one in map(Outcome.read, lines)}.values()


async def outcome_of(trial: Trial, databases: Databases) -> Outcome:
    """Bring a trial to rest and judge it."""
    since, landed, held, submissions = time.monotonic(), 0, list[str](), 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=quick_folder())))
        url = stack.enter_context(databases.empty(trial.database, folder))
        scenario = scenarios(trial.api).get(trial.fault, CALM)
        settings = settings_of(scenario)
        begun = begin(trial.api, folder, url, people=PEOPLE, settings=settings, polling=PACE)
        world = stack.enter_context(begun)
        world.wire.patience = scenario.patience
        world.storm(scenario.rules, trial.seed)
        try:
            place = another_host(world.place) if trial.elsewhere else world.place
            for name in trial.kills:
                landed += run_and_kill(place, CRASH_TABLE[name].point)
            early = await lease_runs_out(world) if trial.elsewhere else []
            seen = await rest.to_the_end(
                world,
                killed=bool(trial.kills),
                sure=sure(trial.api, trial.fault, trial.kills),
            )
            proved = _not_reached(trial, landed) if trial.kills else idle(world, scenario)
            complaints = violations(seen) + early + proved
            submissions, held = len(seen.books.submissions), list(_held(seen))
        except Exception as error:  # noqa: BLE001 - what breaks off is what we look for
            complaints = [f"broke off: {type(error).__name__}: {error}"[:300]]
    return Outcome(
        trial=trial,
        commit=commit(),
        landed=landed,
        effects=tuple(world.effects),
        complaints=tuple(complaints),
        submissions=submissions,
        held=tuple(held),
        seconds=round(time.monotonic() - since, 2),
    )


def _held(case: Case) -> Iterator[str]:
    """What the simulator knows of each submission that is held."""
    for one in case.books.submissions:
        if one.state == SubmissionState.HELD:
            bodies = {entry.body_sha256 for entry in case.books.log if entry.tag == one.tag} - {""}
            asked = [request for request in case.provider.requests if request.body_sha256 in bodies]
            yield _known(asked[-1]) if asked else "no byte arrived"


def _known(request: RequestRecord) -> str:
    answer = "cut" if request.status is None else f"answered {request.status}"
    return f"{answer}, {'not done' if request.applied_at is None else 'done'}"


@cache
def commit() -> str:
    """What is tried; with `+` if it was changed since."""
    said = [_git("rev-parse", "--short", "HEAD"), "+" if _git("status", "--porcelain") else ""]
    return "".join(said) or "unknown"


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *words],  # noqa: S607 - whichever git there is
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


def settings_of(scenario: Scenario) -> SimulatorSettings:
    """Return a simulator's settings with the switches of a scenario."""
    changed = {
        name: getattr(SHORT_CALLS, name).model_copy(update=dict(switches))
        for name, switches in scenario.switches.items()
    }
    return SHORT_CALLS.model_copy(update=changed)


def _not_reached(trial: Trial, landed: int) -> list[str]:
    """A kill that cannot land proves nothing."""
    surely = len(trial.kills) == 1 and trial.fault in PLAIN.values()
    return ["the runner was not killed"] if surely and not landed else []


def idle(world: World, scenario: Scenario) -> list[str]:
    """Name the faults of a scenario that changed nothing, and so proved nothing.

    Short pages only set the scene: a list of one row is short already.
    """
    effects = zip(scenario.rules, world.effects, strict=True)
    unhurt = [rule for rule, effect in effects if not effect and rule.name != SHORT_PAGES]
    return [f"{rule.label} took no effect" for rule in unhurt]
