"""A runner's line to the carrier: a provider like any other, without a wire."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from pydantic import BaseModel, SecretStr

from campaign.calls import (
    BatchRef,
    BatchStatus,
    Call,
    Found,
    ListedCall,
    Order,
    Page,
    Receipt,
    SubmissionRef,
)
from campaign.errors import (
    Ambiguous,
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    Transient,
    Unreadable,
)
from campaign.words import Outcome, Progress
from providers.connecting import Remember
from providers.http import Http
from providers.port import NO_EFFECT, Account, Capabilities, Fence
from providers.settings import Access
from tasks.steps.runtime import Connect
from tests.machine.carrier import Answer, Carrier, Dial, Job, Manners
from tests.machine.worker import Bug, Connecting, Worker

_PAGE = 2
BATCHES = Capabilities(
    native_batch=True,
    two_phase_start=False,
    start_in_future=None,
    stop_in_future=False,
    finds_by_tag=True,
    echoes_key=True,
    cancels="calls",
    pauses=False,
    page_limit=_PAGE,
    batch_limit=2,
    concurrency_setting=True,
    counters=False,
    lists_only_own=True,
    transcript_from="none",
    cost_from="list",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=1),
    requests_per_second=10.0,
)
CALLS = replace(BATCHES, native_batch=False, batch_limit=1, lists_only_own=False)
TWO_PHASES = replace(BATCHES, two_phase_start=True)
KINDS: Mapping[str, Capabilities] = {"bland": BATCHES, "vocode": CALLS, "vogent": TWO_PHASES}
"""What the carrier plays, by the provider whose place it takes."""


class Line:
    """One account, as one runner uses it."""

    base_url: ClassVar[str] = "https://carrier.example"
    Agent: ClassVar[type[BaseModel]] = BaseModel
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, carrier: Carrier, worker: Worker, capabilities: Capabilities) -> None:
        self.carrier, self._worker, self._facts = carrier, worker, capabilities

    @property
    def capabilities(self) -> Capabilities:
        return self._facts

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        return {"Authorization": key}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        return KINDS

    @classmethod
    async def check(cls, http: Http) -> Account:
        raise NotImplementedError

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        raise NotImplementedError

    def compose(self, order: Order) -> bytes:
        calls = {call.key: call.to for call in order.calls}
        return json.dumps({"tag": order.tag, "calls": calls}).encode()

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        answer = await self._ask(fence)
        if answer is Answer.LATE:
            self.carrier.place_later(body)
        job = None if answer in {Answer.LATE, Answer.VANISHED} else self.carrier.place(body)
        await self._worker.point("answered")
        self._answered(answer)
        assert job is not None
        return Receipt(
            provider_batch_id=job.id if self._facts.native_batch else job.tag,
            call_ids={} if self._facts.native_batch else {d.key: d.id for d in job.dials},
        )

    async def _ask(self, fence: Fence) -> Answer:
        """Connect, take the last look, and send."""
        answer = self.carrier.answer()
        if answer is Answer.UNREACHABLE:
            raise NotSent("no connection")
        await self._worker.point("connected")
        await fence()
        await self._worker.point("the bytes are away")
        self.carrier.asked += 1
        if answer is Answer.TOO_FAST:
            raise RateLimited("too fast", retry_after=timedelta(seconds=30), status=429)
        if answer is Answer.REFUSED:
            raise Rejected("no", status=422)
        return answer

    def _answered(self, answer: Answer) -> None:
        if answer is Answer.A_BUG:
            raise Bug
        if answer is not Answer.YES:
            raise Ambiguous("no answer")

    async def find(self, submission: SubmissionRef) -> list[Found]:
        found = [
            Found(
                provider_batch_id=job.id if self._facts.native_batch else job.tag,
                created_at=job.accepted_at,
                dialling=job.begun_at is not None,
                call_ids={} if self._facts.native_batch else {d.key: d.id for d in job.dials},
            )
            for job in self._shown()
            if job.tag == submission.tag
        ]
        self._stumble()
        await self._worker.point("found")
        return found

    async def tags(self, since: datetime) -> frozenset[str]:
        return frozenset(job.tag for job in self._shown() if job.accepted_at >= since)

    async def status(self, batch: BatchRef) -> BatchStatus:
        self._stumble()
        jobs = self._jobs_of(batch)
        now = self.carrier.clock.peek()
        ends = [dial.over_at for job in jobs for dial in job.dials]
        over = all(end is not None and end <= now for end in ends)
        created = any(job.begun_at is None for job in jobs) and not over
        progress = Progress.COMPLETED if over else Progress.RUNNING
        return BatchStatus(progress=Progress.CREATED if created else progress)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        manners = self._stumble(cursor)
        if self._facts.lists_only_own:
            dials = [dial for job in self._jobs_of(batch) for dial in job.dials]
        else:  # The newest first: what is new moves the others on.
            dials = [dial for job in self._shown() for dial in job.dials][::-1]
        begin = int(cursor or 0)
        shown = dials[begin : begin + _PAGE]
        more = begin + _PAGE < len(dials)
        rows = _arranged([self._row(dial) for dial in shown], manners)
        end = str(begin if manners is Manners.CIRCLES else begin + _PAGE)
        await self._worker.point("read")
        return Page(calls=tuple(rows), next=end if more else None)

    async def detail(self, call_id: str) -> ListedCall:
        for dial in self.carrier.dials:
            if dial.id == call_id:
                return self._row(dial)
        raise NotFound(call_id)

    async def stop(self, batch: BatchRef) -> None:
        now = self.carrier.clock.peek()
        for dial in [dial for job in self._jobs_of(batch) for dial in job.dials]:
            if not dial.rang(now) and dial.called_off_at is None:
                dial.called_off_at = now
        await self._worker.point("stopped")

    def _shown(self) -> list[Job]:
        return [job for job in self.carrier.jobs if self.carrier.visible(job)]

    def _jobs_of(self, batch: BatchRef) -> list[Job]:
        ids = {one.provider_batch_id for one in batch.submissions}
        tags = {one.tag for one in batch.submissions}
        if self._facts.native_batch:
            return [job for job in self.carrier.jobs if job.id in ids]
        return [job for job in self.carrier.jobs if job.tag in tags]

    def _stumble(self, cursor: str | None = None) -> Manners | None:
        manners = self.carrier.manners.popleft() if self.carrier.manners else None
        if manners is Manners.DOWN:
            raise Transient("503", status=503)
        if manners is Manners.UNREADABLE:
            raise Unreadable("no JSON", status=200)
        if manners is Manners.EXPIRED and cursor is not None:
            raise Rejected("the cursor has expired", status=400)
        return manners

    def _row(self, dial: Dial) -> ListedCall:
        said = dial.row(self.carrier.clock.peek())
        return ListedCall(raw=json.dumps(said).encode(), call=_call(said, dial))


class StartedLine(Line):
    """The same where a second request, by id, makes telephones ring."""

    async def verify(self, submission: SubmissionRef) -> None:
        if frozenset(dial.key for dial in self._job(submission).dials) != submission.keys:
            raise Rejected("the job holds other calls", status=None)

    async def start(self, submission: SubmissionRef, fence: Fence) -> None:
        job = self._job(submission)
        if job.begun_at is not None:
            return
        answer = await self._ask(fence)
        if answer not in {Answer.VANISHED, Answer.LATE}:
            self.carrier.begin(job)
        await self._worker.point("answered")
        self._answered(answer)

    def _job(self, submission: SubmissionRef) -> Job:
        for job in self.carrier.jobs:
            if job.id == submission.provider_batch_id:
                return job
        raise NotFound("no such job")


def _call(said: Mapping[str, object], dial: Dial) -> Call:
    over = said["state"] == "over"
    return Call(
        id=dial.id,
        key=dial.key,
        to=dial.number,
        over=over,
        outcome=dial.outcome if over else Outcome.UNKNOWN,
        ended_reason=str(said["state"]),
        started_at=dial.rings_at if over or said["state"] == "talking" else None,
        ended_at=dial.over_at if over else None,
        cost_usd=Decimal(str(said["cost"])) if "cost" in said else None,
        missing=frozenset({"cost"} if over and "cost" not in said else ()),
    )


def _arranged(rows: list[ListedCall], manners: Manners | None) -> list[ListedCall]:
    match manners:
        case Manners.TWICE:
            return rows + rows
        case Manners.MISSING:
            return rows[1:]
        case Manners.BACKWARDS:
            return rows[::-1]
        case Manners.EMPTY:
            return []
        case Manners.POISON if rows:
            poison = ListedCall(raw=b'{"poison": true}', call=None, problem="it has no id")
            return [poison, *rows]
        case _:
            return rows


def connecting(carrier: Carrier) -> Connecting:
    """Return what connects a runner with the carrier."""

    def connect_of(worker: Worker) -> Connect:
        @asynccontextmanager
        async def connect(
            name: str, _agent: Mapping[str, object], remember: Remember
        ) -> AsyncGenerator[Line]:
            await remember(Access(name, Line.base_url, SecretStr("test-key"), None))
            kind = StartedLine if KINDS[name].two_phase_start else Line
            yield kind(carrier, worker, KINDS[name])

        return connect

    return connect_of
