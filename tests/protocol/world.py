"""A simulated network, a ledger and a campaign file, in one time."""

import json
import shutil
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from providers.throttle import Throttle
from simulator.faults.rules import FaultPlan, Rule
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store.runners import Runner, locks_of
from tasks.steps.runtime import Connect, Runtime
from tests.flows.campaigns import campaign, write_list
from tests.protocol.clock import RunnerClock, SharedTime
from tests.protocol.compiled import share_compiled
from tests.protocol.journal import keep_journal
from tests.protocol.pages import PageLog
from tests.protocol.points import At, WatchedLedger, WatchedWire
from tests.protocol.wire import Hook, Wire

NAME = "proof"
PACE = {"min": "5s", "max": "10m", "settle": "2m"}
"""Of polling; waiting costs nothing here."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a campaign runs; may be handed to another process."""

    api: str
    base_urls: Mapping[str, str]
    time_file: Path
    database_url: str
    file: Path
    locks: Path | None = None
    """Where its runners keep their locks; None: where those of this host do."""

    @property
    def time(self) -> SharedTime:
        """The time of everybody."""
        return SharedTime(self.time_file)

    @property
    def pages(self) -> PageLog:
        """The pages that any runner of the place saw taken."""
        return PageLog(self.time_file.with_name("pages"))

    def wire(self, hook: Hook | None = None) -> Wire:
        """Connections that run by the time of the place."""
        throttle = Throttle(RunnerClock(self.time))
        now = self.time.now
        return Wire(base_urls=self.base_urls, throttle=throttle, now=now, hook=hook)

    @asynccontextmanager
    async def runtime(self, connect: Connect, *, at: At | None = None) -> AsyncGenerator[Runtime]:
        """A runner at work on the campaign."""
        async with WatchedLedger.open(self.database_url) as ledger:
            share_compiled(ledger.engine)
            ledger.at, ledger.pages = at, self.pages
            with Runner(self.locks or locks_of(ledger.engine)) as runner:
                yield Runtime(ledger, runner, RunnerClock(self.time), connect)


class World:
    """A place with a simulator beside it, in this process: one campaign, one provider."""

    def __init__(self, place: Place, simulator: RunningSimulator) -> None:
        self.place, self.simulator = place, simulator
        self.api, self.time, self.file = place.api, place.time, place.file
        self.wire = place.wire()
        self.effects: list[int] = []
        """How often each rule of the storm made a difference, when it has passed."""
        self.reached: list[str] = []
        """The points that the runs in this process came by."""
        self.watched = WatchedWire(self.wire, self.reached.append)

    @property
    def provider(self) -> str:
        """Its name."""
        return json.loads(self.file.read_text())["provider"]

    def storm(self, rules: Iterable[Rule], seed: int = 0) -> None:
        """Let faults happen from now on."""
        self.simulator.stage.board.load(FaultPlan(seed=seed, rules=list(rules)))

    def calm(self) -> None:
        """No faults from now on."""
        self.effects = self.simulator.stage.board.effects()
        self.simulator.stage.board.load(FaultPlan())

    def runtime(self, at: At | None = None) -> AbstractAsyncContextManager[Runtime]:
        """A runner at work on the campaign."""
        return self.place.runtime(self.watched.connect, at=at)


@contextmanager
def begin(
    api: str,
    folder: Path,
    database_url: str,
    *,
    people: int | Sequence[Mapping[str, str]] = 6,
    settings: SimulatorSettings | None = None,
    start: datetime | None = None,
    **changes: Any,
) -> Generator[World]:
    """Start a simulator, write the campaign's files and open its ledger.

    `people`: how many, or the rows of their list; `start`: the instant that it is, at first.
    """
    time = SharedTime.starting(folder / "time", start or datetime.now(UTC))
    said = {"limits": {"concurrency": 400, "batch_size": 3, "start_guard": "0s"}, "polling": PACE}
    write_list(folder, people)
    file = folder / "campaign.yaml"
    spec = campaign(api, NAME, **(said | changes))
    file.write_text(spec.model_dump_json(exclude_defaults=True))  # JSON is YAML.
    with WatchedLedger.open(database_url) as ledger:
        share_compiled(ledger.engine)
        keep_journal(ledger.engine)
    with start_in_thread(settings, clock=time) as simulator:
        place = Place(
            api=api,
            base_urls=dict(simulator.base_urls),
            time_file=folder / "time",
            database_url=database_url,
            file=file,
        )
        yield World(place, simulator)


def copy_ledger(template: Path, folder: Path) -> str:
    """Copy an empty SQLite ledger, which is quicker than making one; returns its URL."""
    return f"sqlite:///{shutil.copyfile(template, folder / 'ledger.db')}"
