"""Vogent's verbs: create, find, verify, start, look, pause."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Self
from urllib.parse import quote

import msgspec
from pydantic import BaseModel

from campaign.calls import (
    BatchRef,
    BatchStatus,
    Found,
    ListedCall,
    Order,
    Page,
    Receipt,
    SubmissionRef,
)
from campaign.errors import Ambiguous, NotFound, Rejected, Transient
from campaign.words import Progress
from providers.http import Http
from providers.paging import as_cursor, resume
from providers.port import NO_EFFECT, Account, Capabilities, Fence
from providers.rows import listed, readable
from providers.vogent import agent as blocks
from providers.vogent import dials, jobs
from providers.vogent.places import PAGE_LIMIT, Place, Rows

FACTS = Capabilities(
    native_batch=True,
    two_phase_start=True,
    start_in_future=None,
    stop_in_future=False,
    finds_by_tag=True,
    echoes_key=True,
    cancels="pause only",
    pauses=True,
    page_limit=PAGE_LIMIT,
    # Not documented; "hundreds or thousands" is what the vendor speaks of.
    batch_limit=500,
    concurrency_setting=True,
    counters=False,
    lists_only_own=True,
    transcript_from="list",
    cost_from="none",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=1),
    requests_per_second=5,
)


class Vogent:
    """One workspace at Vogent."""

    base_url: ClassVar[str] = "https://api.vogent.ai/api"
    Agent: ClassVar[type[BaseModel]] = blocks.Agent
    secrets: ClassVar[frozenset[str]] = dials.SECRETS

    def __init__(self, http: Http, agent: blocks.Agent) -> None:
        self._http = http
        self._agent = agent

    @property
    def capabilities(self) -> Capabilities:
        """One API generation, one set of facts."""
        return FACTS

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """The guide shows `api_key: KEY` as well; the API reference knows only Bearer."""
        return {"Authorization": f"Bearer {key}"}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """One API generation."""
        return {"": FACTS}

    @classmethod
    async def check(cls, http: Http) -> Account:
        """`GET /agents`: there is no account to ask."""
        seen = (await http.get("agents", {"limit": 1})).json(Rows)
        warnings = () if seen.data else ("the workspace has no agent",)
        return Account(detail="the key works", warnings=warnings)

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """The block names the agent that talks."""
        return cls(http, blocks.Agent.model_validate(agent))

    def compose(self, order: Order) -> bytes:
        """One job; each call is a row of it."""
        return jobs.compose(order, self._agent)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """`POST /batch_dial_jobs`: creates, and dials nobody."""
        answer = await self._http.submit("batch_dial_jobs", body, fence, FACTS.no_effect)
        job_id = answer.proof(jobs.Job).id
        if not job_id:
            raise Ambiguous("a yes without a job id", status=answer.status)
        return Receipt(provider_batch_id=job_id, request_id=answer.request_id)

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """`GET /batch_dial_jobs`, all of it: no filter by name, no order documented."""
        return jobs.tagged(await self._all("batch_dial_jobs"), submission.tag)

    async def tags(self, since: datetime) -> frozenset[str]:  # noqa: ARG002 - the port's signature
        """Every job's: the list knows no filter."""
        rows = await self._all("batch_dial_jobs")
        return frozenset(job.tag for job in readable(rows, jobs.Job) if job.tag)

    async def verify(self, submission: SubmissionRef) -> None:
        """A job that has begun is not compared: its queue empties as it dials."""
        job_id = _id_of(submission)
        job = await self._job(job_id)
        if job.progress is Progress.UNKNOWN:
            raise Transient("the job is in a state that we have never seen")
        if job.progress is Progress.CREATED:
            jobs.compare(submission, await self._all(f"batch_dial_jobs/{job_id}/queue"))

    async def start(self, submission: SubmissionRef, fence: Fence) -> None:
        """`paused: false` by id; nothing is sent to a job that runs or is over.

        A pause is never lifted, though the very same request would: it may be our own stop, of
        which a ledger that was restored from a backup knows nothing.
        """
        job = await self._go_on(_id_of(submission), {"INIT"}, fence)
        if job.progress is Progress.PAUSED:
            raise Rejected(
                "somebody has paused the job: resume it in Vogent's dashboard, or cancel"
            )

    async def status(self, batch: BatchRef) -> BatchStatus:
        """`GET /batch_dial_jobs/{id}`: a word and no counts."""
        job = await self._job(_id_of(*batch.submissions))
        return BatchStatus(progress=job.progress, word=job.status or "")

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """`GET /batch_dial_jobs/{id}/dials`: the completed ones."""
        path = f"batch_dial_jobs/{_id_of(*batch.submissions)}/dials"
        rows, onward = await self._read(path, resume(cursor, Place()))
        calls = tuple(listed(row, dials.read, dials.scrub) for row in rows)
        return Page(calls=calls, next=None if onward is None else as_cursor(onward))

    async def detail(self, call_id: str) -> ListedCall:
        """`GET /dials/{id}`: the same fields as in the list, later."""
        answer = await self._http.get(f"dials/{quote(call_id, safe='')}")
        return listed(answer.json(msgspec.Raw), dials.read, dials.scrub)

    async def stop(self, batch: BatchRef) -> None:
        """Vogent has no cancel: the strongest stop is a pause that is never lifted."""
        await self.pause(batch)

    async def pause(self, batch: BatchRef) -> None:
        """`paused: true` by id; calls in progress probably run to their end."""
        job_id = _id_of(*batch.submissions)
        job = await self._job(job_id)
        if job.progress is Progress.PAUSED or job.progress.over:
            return
        try:
            await self._http.act("POST", f"batch_dial_jobs/{job_id}/paused", {"paused": True})
        except Rejected:
            # A job just started may still call itself INIT, so it is asked all the same; whether
            # one that was never started can be paused is not documented.
            if job.progress is not Progress.CREATED:
                raise

    async def resume(self, batch: BatchRef, fence: Fence) -> None:
        """`paused: false` by id, for a job that is paused and no other."""
        await self._go_on(_id_of(*batch.submissions), {"PAUSED"}, fence)

    async def _go_on(self, job_id: str, waiting: set[str], fence: Fence) -> jobs.Job:
        """Make telephones ring, unless they already do or never will; the job as it was before."""
        job = await self._job(job_id)
        if job.progress is Progress.UNKNOWN:
            raise Transient("the job is in a state that we have never seen")
        if job.status in waiting:
            path, body = f"batch_dial_jobs/{job_id}/paused", msgspec.json.encode({"paused": False})
            await self._http.submit(path, body, fence, FACTS.no_effect)
        return job

    async def _job(self, job_id: str) -> jobs.Job:
        return (await self._http.get(f"batch_dial_jobs/{job_id}")).json(jobs.Job)

    async def _all(self, path: str) -> list[msgspec.Raw]:
        rows, place = await self._read(path, Place())
        while place is not None:
            more, place = await self._read(path, place)
            rows += more
        return rows

    async def _read(self, path: str, place: Place) -> tuple[list[msgspec.Raw], Place | None]:
        rows = (await self._http.get(path, place.query)).json(Rows)
        return list(rows.data or []), place.onward(rows)


def _id_of(*submissions: SubmissionRef) -> str:
    """A batch of ours is one job. Raises `NotFound` while it has none."""
    ids = [quote(s.provider_batch_id, safe="") for s in submissions if s.provider_batch_id]
    if not ids:
        raise NotFound("the submission has no job yet")
    return ids[0]
