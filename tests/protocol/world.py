"""A simulated network, a ledger and a campaign file, in one time."""

import json
import shutil
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.faults.rules import FaultPlan, Rule
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store.runners import Runner, locks_of
from tasks.steps.runtime import Runtime
from tests.flows.campaigns import campaign, write_list
from tests.protocol.clock import RunnerClock, SharedTime
from tests.protocol.journal import keep_journal
from tests.protocol.points import At, WatchedLedger, WatchedWire
from tests.protocol.wire import Wire

NAME = "proof"
PACE = {"min": "5s", "max": "10m", "settle": "2m"}
"""Of polling; waiting costs nothing here."""


@dataclass(kw_only=True)
class World:
    """Everything that a run takes place in. One campaign, one provider."""

    api: str
    simulator: RunningSimulator
    time: SharedTime
    database_url: str
    file: Path
    wire: Wire
    watched: WatchedWire = field(init=False)
    reached: list[str] = field(default_factory=list[str])
    """The points that the runs in this process came by."""

    def __post_init__(self) -> None:
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
        self.simulator.stage.board.load(FaultPlan())

    @asynccontextmanager
    async def runtime(self, at: At | None = None) -> AsyncGenerator[Runtime]:
        """A runner at work on the campaign."""
        async with WatchedLedger.open(self.database_url) as ledger:
            ledger.at = at
            with Runner(locks_of(ledger.engine)) as runner:
                yield Runtime(ledger, runner, RunnerClock(self.time), self.watched.connect)


@contextmanager
def begin(
    api: str,
    folder: Path,
    database_url: str,
    *,
    people: int = 6,
    settings: SimulatorSettings | None = None,
    **changes: Any,
) -> Generator[World]:
    """Start a simulator, write the campaign's files and open its ledger."""
    time = SharedTime.starting(folder / "time", datetime.now(UTC))
    said = {"limits": {"concurrency": 400, "batch_size": 3, "start_guard": "0s"}, "polling": PACE}
    write_list(folder, people)
    file = folder / "campaign.yaml"
    spec = campaign(api, NAME, **(said | changes))
    file.write_text(spec.model_dump_json(exclude_defaults=True))  # JSON is YAML.
    with WatchedLedger.open(database_url) as ledger:
        keep_journal(ledger.engine)
    with start_in_thread(settings, clock=time) as simulator:
        wire = Wire(base_urls=simulator.base_urls)
        yield World(
            api=api,
            simulator=simulator,
            time=time,
            database_url=database_url,
            file=file,
            wire=wire,
        )


def copy_ledger(template: Path, folder: Path) -> str:
    """Copy an empty SQLite ledger, which is quicker than making one; returns its URL."""
    return f"sqlite:///{shutil.copyfile(template, folder / 'ledger.db')}"
