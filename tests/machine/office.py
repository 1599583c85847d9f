"""Where it all happens: a ledger with two campaigns, a carrier, two runners and an operator."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from campaign.calls import Receipt
from campaign.states import CampaignState, SubmissionState
from store import campaigns, recipients, suppressions
from store.database.engine import open_engine
from store.decisions import cancelling, holding, pausing
from store.decisions.holding import Decider
from store.ledger import Ledger
from store.recipients import NewRecipient
from store.runners import locks_of
from store.submissions.views import SUBMISSION
from tests.flows.campaigns import campaign, people
from tests.machine.carrier import Carrier
from tests.machine.judge import Orders
from tests.machine.line import KINDS, connecting
from tests.machine.time import VirtualClock
from tests.machine.turns import Turns
from tests.machine.worker import Mishap, Worker
from tests.protocol.compiled import share_compiled
from tests.protocol.journal import keep_journal

P = ParamSpec("P")
T = TypeVar("T")

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
LISTS = {"first": range(3), "second": range(2, 4)}
"""Who is on the list of each campaign: one person is on both."""
SPEC: Mapping[str, object] = {
    "limits": {"concurrency": 3, "batch_size": 2, "start_guard": "0s"},
    "polling": {"min": "1m", "max": "10m", "settle": "2m"},
    "policy": {
        "calling_windows": "any_hour",
        "max_attempts": 2,
        "min_gap": "5m",
        "retry_on": ["no_answer", "busy"],
    },
}
DECIDER = Decider(actor="Ada", reason="looked it up")
_ASKED = {"actor": "Ada", "reason": "asked to"}


def write_template(
    provider: str, url: str, lists: Mapping[str, range] = LISTS, **changes: object
) -> None:
    """Fill an empty ledger with two campaigns that run, and their lists."""
    with Ledger.open(url) as ledger:
        keep_journal(ledger.engine)
        for name, listed in lists.items():
            spec = campaign(provider, name, **{**SPEC, **changes})
            enrolled = ledger.run_sync(campaigns.enroll, spec, "/", START)
            opened = ledger.run_sync(recipients.begin_import, enrolled.id, "people.csv", START)
            rows = [
                NewRecipient(
                    phone_number=people(10)[index]["phone_number"],
                    provider=spec.shares[0].provider,
                    source_row=index + 2,
                )
                for index in listed
            ]
            ledger.run_sync(recipients.add_recipients, enrolled.id, rows, START, import_id=opened)
            ledger.run_sync(recipients.finish_import, opened, START)
            running = CampaignState.RUNNING
            ledger.run_sync(campaigns.set_state, enrolled.id, running, "", START)


class Office:
    """One world, from its beginning to its rest."""

    def __init__(self, provider: str, template: Path, folder: Path) -> None:
        self.clock = VirtualClock(START)
        facts = KINDS[provider]
        self.carrier = Carrier(
            self.clock, native=facts.native_batch, two_phase=facts.two_phase_start
        )
        self.orders = Orders()
        self.engine = _forgetful(f"sqlite:///{shutil.copyfile(template, folder / 'ledger.db')}")
        self.workers = [self._hire(), self._hire()]
        self._gone: list[Worker] = []
        self.campaigns = [one.id for one in self.run(campaigns.listing)]

    @property
    def all_workers(self) -> list[Worker]:
        """Those who are gone, too."""
        return self._gone + self.workers

    def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a person does at the ledger, from another process."""
        with self.engine.begin() as db:
            return work(db, *args, **kwargs)

    async def do(
        self, index: int, work: Callable[[Worker], Awaitable[object]], mishap: Mishap | None
    ) -> None:
        """Have a runner do something; one that dies of it is replaced."""
        worker = self.workers[index]
        await worker.do(lambda: work(worker), mishap)
        await self._replace_if_dead(index)

    async def side_by_side(self, work: Callable[[Worker], Awaitable[object]], seed: int) -> None:
        """Have everybody who is awake do the same at once, in turns drawn by the seed."""
        turns = Turns(seed)
        awake = [index for index, worker in enumerate(self.workers) if not worker.paused]
        for index in awake:
            self.workers[index].turns = turns
        doing = [asyncio.create_task(self.do(index, work, None)) for index in awake]
        await turns.until_done(doing)
        for worker in self.workers:
            worker.turns = None

    async def wake(self, index: int) -> None:
        """Let a paused runner go on."""
        await self.workers[index].wake()
        await self._replace_if_dead(index)

    async def kill(self, index: int) -> None:
        """End a runner, wherever it is."""
        self.workers[index].dead = True
        await self._replace_if_dead(index)

    async def close(self) -> None:
        """Send everybody home."""
        for worker in self.workers:
            await worker.die()
        self.engine.dispose()

    async def _replace_if_dead(self, index: int) -> None:
        worker = self.workers[index]
        if worker.dead:
            await worker.die()
            self._gone.append(worker)
            self.workers[index] = self._hire()

    def _hire(self) -> Worker:
        connect = connecting(self.carrier)
        return Worker(self.engine, locks_of(self.engine), self.clock, connect)

    # What people decide

    def suppress(self, number: str) -> None:
        """Nobody is to call a number any more."""
        now = self.clock.now()
        self.run(suppressions.add, [number], reason="asked", source="test", now=now)
        self.orders.suppressed.setdefault(number, now)

    def pause_all(self) -> None:
        """Stop everything."""
        now = self.clock.now()
        if self.run(pausing.pause_all, now=now, **_ASKED):
            self.orders.stop("", now)

    def resume_all(self) -> None:
        """Undo it."""
        now = self.clock.now()
        self.run(pausing.resume_all, now=now, **_ASKED)
        self.orders.go_on("", now)

    def pause(self, campaign_id: str) -> None:
        """Stop one campaign, if it runs."""
        if self.state(campaign_id) is CampaignState.RUNNING:
            now = self.clock.now()
            self.run(campaigns.set_state, campaign_id, CampaignState.PAUSED, "asked", now)
            self.orders.stop(campaign_id, now)

    def let_go_on(self, campaign_id: str) -> None:
        """Resume one that is paused, or that asked for attention."""
        now = self.clock.now()
        if self.state(campaign_id) in {CampaignState.PAUSED, CampaignState.NEEDS_ATTENTION}:
            self.run(campaigns.set_state, campaign_id, CampaignState.RUNNING, "", now)
            self.orders.go_on(campaign_id, now)

    def cancel(self, campaign_id: str) -> None:
        """End one campaign for good."""
        over = {CampaignState.CANCELLING, CampaignState.CANCELLED, CampaignState.COMPLETED}
        if self.state(campaign_id) not in over:
            now = self.clock.now()
            self.run(cancelling.ask, campaign_id, now=now, **_ASKED)
            self.orders.stop(campaign_id, now)
            self.run(cancelling.finish, campaign_id, self.clock.now())

    def decide(self, *, give_up: bool) -> None:
        """Settle what is held, by the truth: as an operator does who looks at the carrier."""
        held = select(SUBMISSION.c.tag).where(SUBMISSION.c.state == SubmissionState.HELD.value)
        with self.engine.connect() as db:
            tags = list(db.scalars(held))
        for tag in tags:
            jobs = [job for job in self.carrier.jobs if job.tag == tag]
            now = self.clock.now()
            if jobs:
                native = self.carrier.native
                receipt = Receipt(provider_batch_id=jobs[0].id if native else tag)
                dials = not self.carrier.two_phase
                self.run(holding.adopt, tag, receipt, DECIDER, now, dials=dials)
            elif self.carrier.on_its_way(tag):
                continue
            elif give_up:
                self.run(holding.abandon, tag, DECIDER, now)
            else:
                self.run(holding.confirm_not_placed, tag, DECIDER, now)

    def state(self, campaign_id: str) -> CampaignState:
        """Where a campaign stands."""
        return self.run(campaigns.get, campaign_id).state


def _forgetful(url: str) -> Engine:
    """An engine that waits for no disk: here nobody pulls the plug."""
    engine = open_engine(url)
    engine.dispose()

    def hurry(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.cursor().execute("PRAGMA synchronous = OFF")

    event.listen(engine, "connect", hurry)
    share_compiled(engine)
    return engine
