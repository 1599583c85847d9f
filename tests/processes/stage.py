"""A simulated network, a ledger, a campaign file, and programs at work on them."""

import json
import os
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import make_url, select

from simulator.faults.rules import FaultPlan, Rule
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store import books, campaigns
from store.books import Books
from store.database.columns import table_of
from store.database.engine import open_engine
from store.ledger import Ledger
from store.tables import Batch, Submission, SubmitLog
from tests.flows.campaigns import document, people, write_list
from tests.outdial.command import Ran
from tests.processes.program import Program

NAME = "proof"
_BATCH, _SUBMISSION, _LOG = table_of(Batch), table_of(Submission), table_of(SubmitLog)


class Stage:
    """Where programs run, and what came of it."""

    def __init__(
        self, folder: Path, database_url: str, simulator: RunningSimulator, provider: str
    ) -> None:
        self.folder, self.database_url, self.simulator = folder, database_url, simulator
        self.provider = provider
        self.file = folder / "campaign.yaml"
        self.people = 0
        self._programs: list[Program] = []

    def write(self, count: int, **changes: Any) -> None:
        """Write the campaign's file and list: small batches, one call each, quick looks."""
        self.people = count
        Ledger.open(self.database_url).close()  # So that it may be looked at at once.
        write_list(self.folder, count)
        said = {
            "policy": {"calling_windows": "any_hour", "max_attempts": 1},
            "limits": {"batch_size": 5, "start_guard": "0s"},
            "polling": {"min": "100ms", "max": "500ms", "settle": "1s"},
        }
        self.file.write_text(json.dumps(document(self.provider, NAME, **(said | changes))))

    def start(self, *arguments: str | Path, **env: str) -> Program:
        """Start `outdial ...` on this ledger."""
        program = Program(self.folder, tuple(map(str, arguments)), {**self.environment, **env})
        self._programs.append(program)
        return program

    def start_run(self, **env: str) -> Program:
        """Start `outdial run` of the campaign."""
        return self.start("run", self.file, **env)

    def run(self, **env: str) -> Ran:
        """Run the campaign to its end."""
        return self.start_run(**env).end()

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of a program here."""
        name = document(self.provider, NAME)["provider"]
        return {
            "OUTDIAL_DATABASE_URL": self.database_url,
            f"{name.upper()}_BASE_URL": self.simulator.base_urls[name],
            f"{name.upper()}_API_KEY": "test-key",
        }

    def storm(self, *rules: Rule) -> None:
        """Let these faults happen from now on."""
        self.simulator.stage.board.load(FaultPlan(rules=list(rules)))

    def submits(self) -> list[dict[str, Any]]:
        """Requests to the dialling endpoint, by the simulator's ledger."""
        return [one for one in self._ledger()["requests"] if one["route"] == "submit"]

    def rings(self) -> Counter[str]:
        """How often each number was rung, by the simulator's ledger."""
        return Counter(ring["number"] for ring in self._ledger()["rings"])

    def _ledger(self) -> dict[str, Any]:
        return httpx.get(f"{self.simulator.url}/__ledger").json()

    def books(self) -> Books:
        """What the ledger says became of everybody."""
        with Ledger.open(self.database_url) as ledger, ledger.reading() as db:
            return books.books(db, campaigns.get(db, NAME).id)

    def submissions(self, *states: str) -> list[Any]:
        """The ledger's rows of requests in these states."""
        query = select(_SUBMISSION).where(_SUBMISSION.c.state.in_(states))
        return self._read(query)

    def log(self, *events: str) -> list[Any]:
        """What happened to the requests, as the ledger has it."""
        return self._read(select(_LOG).where(_LOG.c.event.in_(events)))

    def _read(self, query: Any) -> list[Any]:
        engine = open_engine(self.database_url)
        try:
            with engine.connect() as db:
                return list(db.execute(query))
        finally:
            engine.dispose()

    def runs_of_batches(self) -> int:
        """How many flow runs look after batches of this campaign now, by Prefect."""
        with Ledger.open(self.database_url) as ledger, ledger.reading() as db:
            known = [row.id for row in db.execute(select(_BATCH.c.id))]
        wanted = {
            "flow_runs": {
                "name": {"any_": [f"batch {batch_id}" for batch_id in known]},
                "state": {"type": {"any_": ["RUNNING"]}},
            }
        }
        url = f"{os.environ['PREFECT_API_URL']}/flow_runs/count"
        answer = httpx.post(url, json=wanted, timeout=30)
        return answer.json() if answer.is_success else 0

    def everybody_once(self) -> bool:
        """Everybody of the list was rung, and nobody twice."""
        return self.rings() == Counter(row["phone_number"] for row in people(self.people))

    def unmarked(self) -> list[str]:
        """Bodies of requests that left without their wire mark."""
        bodies = {(one.tag, one.epoch): one.body_sha256 for one in self.log("intent")}
        marked = {bodies[one.tag, one.epoch] for one in self.log("wire")}
        return [one["body_sha256"] for one in self.submits() if one["body_sha256"] not in marked]

    def close(self) -> None:
        """End what is still at work."""
        for program in self._programs:
            program.kill()


@contextmanager
def staged(
    folder: Path, database_url: str, provider: str = "bland", speed: float = 100
) -> Generator[Stage]:
    """Set a stage; what is still at work at the end is killed."""
    with start_in_thread(SimulatorSettings(seed=5, speed=speed)) as simulator:
        stage = Stage(folder, database_url, simulator, provider)
        try:
            yield stage
        finally:
            stage.close()


def assert_all_is_well(stage: Stage) -> None:
    """Everybody was rung once, by requests that were marked, and the books close."""
    said = stage.books()
    assert stage.everybody_once(), stage.rings()
    assert stage.unmarked() == []
    assert said.closes
    assert (said.listed, said.held) == (stage.people, 0), said


def file_of(database_url: str) -> Path:
    """The file of a SQLite ledger."""
    return Path(make_url(database_url).database or "")
