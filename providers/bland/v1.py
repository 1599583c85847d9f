"""The legacy batches: `/v1/batches`, where one answer holds status, analysis and all calls."""

from datetime import timedelta
from typing import Any

import msgspec

from campaign.calls import BatchRef, BatchStatus, Found, Order, Page, SubmissionRef
from campaign.errors import Unreadable, Unsupported
from campaign.words import Progress
from providers.bland import lists
from providers.bland.agent import OURS, Agent
from providers.bland.calls import KEY, TAG, reader, scrub
from providers.bland.v2 import described, is_tagged, tag_in
from providers.bland.words import LEGACY_PROGRESS
from providers.http import Answer, Http
from providers.moments import moment
from providers.port import NO_EFFECT, Capabilities
from providers.rows import listed

FACTS = Capabilities(
    native_batch=True,
    two_phase_start=False,
    start_in_future=None,
    stop_in_future=False,
    finds_by_tag=True,
    echoes_key=True,
    cancels="batch",
    pauses=False,
    # All calls come in one answer.
    page_limit=500,
    batch_limit=500,
    concurrency_setting=False,
    counters=True,
    lists_only_own=True,
    transcript_from="list",
    cost_from="detail",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=2),
    requests_per_second=5,
)


class _Listed(msgspec.Struct):
    batch_id: str | None = None
    id: str | None = None
    label: str | None = None
    created_at: str | None = None


class _Analysis(msgspec.Struct):
    total_calls: Any = None
    completed_calls: Any = None


class _Batch(msgspec.Struct):
    status: str | None = None
    analysis: _Analysis | None = None


class _Calls(msgspec.Struct):
    call_data: list[msgspec.Raw] | None


class _Created(msgspec.Struct):
    batch_id: str | None = None


class V1:
    """The verbs that differ between the generations."""

    facts = FACTS
    create = "v1/batches"

    def __init__(self, http: Http, agent: Agent) -> None:
        self._http = http
        self._agent = agent

    def compose(self, order: Order) -> bytes:
        """Settings for all calls at the top; a call's variables lie beside its number."""
        if order.start_at is not None:
            raise Unsupported("Bland's legacy batches know no start time: use api: v2")
        if any(call.variables.keys() & OURS for call in order.calls):
            raise Unsupported("a variable has a name that Bland's legacy batches use themselves")
        settings = self._agent.settings
        task, number = settings.pop("task", None), _caller_number(order)
        campaign = {"campaign_id": self._agent.campaign_id, "test_mode": self._agent.test_mode}
        body: dict[str, Any] = {
            **settings,
            **{name: value for name, value in campaign.items() if value is not None},
            **({"base_prompt": task} if task else {}),
            **({"from": number} if number else {}),
            "label": described(order),
            "call_data": [
                {
                    **call.variables,
                    "phone_number": call.to,
                    # What echoes a row's metadata is not documented; its variables come back.
                    KEY: call.key,
                    TAG: order.tag,
                    "metadata": {TAG: order.tag, KEY: call.key},
                }
                for call in order.calls
            ],
        }
        return msgspec.json.encode(body)

    def created(self, answer: Answer) -> str | None:
        """The new batch's id."""
        created: _Created = answer.proof(_Created)
        return created.batch_id

    async def find(self, submission: SubmissionRef) -> tuple[list[Found], set[str]]:
        """Return the batches with our tag, and the ids of all that are listed."""
        batches = await self._all(submission.tag)
        hits = [
            Found(provider_batch_id=batch_id, created_at=moment(batch.created_at))
            for batch_id, batch in batches.items()
            if batch_id and is_tagged(batch.label, submission.tag)
        ]
        return hits, set(batches)

    async def tags(self) -> frozenset[str]:
        """The last words of all labels."""
        return frozenset(tag_in(batch.label) for batch in (await self._all()).values())

    async def _all(self, tag: str = "") -> dict[str, _Listed]:
        batches: dict[str, _Listed] = {}
        place: lists.Place | None = lists.Place()
        while place is not None:
            rows, _, place = await lists.read(self._http, "v1/batches", "batches", {}, place)
            for batch in lists.readable(rows, _Listed, tag):
                batches[batch.batch_id or batch.id or ""] = batch
        return batches

    async def status(self, batch: BatchRef) -> BatchStatus:
        """`GET /v1/batches/{id}` without its calls."""
        query = {"include_calls": False, "include_transcripts": False}
        answer = await self._http.get(f"v1/batches/{lists.id_of(batch)}", query)
        seen: _Batch = answer.json(_Batch)
        analysis = seen.analysis or _Analysis()
        total, completed = _count(analysis.total_calls), _count(analysis.completed_calls)
        return BatchStatus(
            progress=LEGACY_PROGRESS.get(seen.status or "", Progress.UNKNOWN),
            word=seen.status or "",
            total=total,
            remaining=None if total is None or completed is None else max(total - completed, 0),
        )

    async def page(self, batch: BatchRef, cursor: str | None) -> Page:
        """`GET /v1/batches/{id}` with its calls and their transcripts: one page is all."""
        if cursor is not None:
            raise Unreadable("the cursor is not one of ours: begin the sweep again")
        query = {"include_calls": True, "include_transcripts": True, "include_analysis": False}
        answer = await self._http.get(f"v1/batches/{lists.id_of(batch)}", query)
        rows: _Calls = answer.json(_Calls)
        read = reader(detailed=False)
        return Page(calls=tuple(listed(row, read, scrub) for row in rows.call_data or []))

    async def stop(self, batch: BatchRef) -> None:
        """Calls in progress run on."""
        lists.done(await self._http.act("POST", f"v1/batches/{lists.id_of(batch)}/stop"))


def _caller_number(order: Order) -> str | None:
    chosen = {call.from_number for call in order.calls} - {None} or set(order.from_numbers)
    if len(chosen) > 1:
        raise Unsupported("Bland's legacy batches have one caller number for all calls")
    return next(iter(chosen), None)


def _count(value: Any) -> int | None:
    """The reference calls the counts objects; numbers is what they are."""
    return value if isinstance(value, int) else None
