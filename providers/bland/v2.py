"""Today's batches: `/v2/batches`, with a log for a status and a start time for safety."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from campaign.calls import BatchRef, BatchStatus, Found, Order, Page, SubmissionRef
from campaign.words import Progress
from providers.bland import lists
from providers.bland.agent import Agent
from providers.bland.calls import KEY, TAG, reader, scrub
from providers.bland.words import PROGRESS
from providers.http import Answer, Http, Query
from providers.mending import decode
from providers.moments import moment
from providers.paging import as_cursor, resume
from providers.port import NO_EFFECT, Capabilities
from providers.rows import listed

FACTS = Capabilities(
    native_batch=True,
    two_phase_start=False,
    # docs.bland.ai/api-v1/post/calls, of start_time.
    start_in_future=timedelta(minutes=5),
    stop_in_future=False,
    finds_by_tag=True,
    echoes_key=True,
    cancels="batch",
    pauses=False,
    page_limit=lists.PAGE_LIMIT,
    # Not documented; batches above 1000 are worked off in chunks.
    batch_limit=500,
    concurrency_setting=False,
    counters=False,
    lists_only_own=True,
    transcript_from="detail",
    cost_from="detail",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=2),
    requests_per_second=5,
)
_DESCRIPTION = 60
_BATCHES = 100
_LOG_ENTRIES = 50


class _Batch(msgspec.Struct):
    id: str | None = None
    description: str | None = None
    created_at: str | None = None
    base_prompt: Any = None


class _Global(msgspec.Struct):
    start_time: str | None = None


class _Event(msgspec.Struct):
    event_type: str | None = None
    payload: Any = None

    def told(self, name: str) -> Any:
        """Its shape depends on the type."""
        fields = cast("dict[str, Any]", self.payload) if isinstance(self.payload, dict) else {}
        return fields.get(name)

    @property
    def word(self) -> str | None:
        """The state that the batch was in from then on."""
        if self.event_type == "complete":
            return "completed_partial" if self.told("calls_failed") else "completed"
        state = self.told("state_change")
        return state if isinstance(state, str) and state else None


class _Id(msgspec.Struct):
    batch_id: str | None = None


class _Created(msgspec.Struct):
    data: _Id | None = None
    batch_id: str | None = None


class V2:
    """The verbs that differ between the generations."""

    facts = FACTS
    create = "v2/batches/create"

    def __init__(self, http: Http, agent: Agent) -> None:
        self._http = http
        self._agent = agent

    def compose(self, order: Order) -> bytes:
        """One `global` part for all calls, and a part for each."""
        numbers = [
            call.from_number or _turn(order.from_numbers, n) for n, call in enumerate(order.calls)
        ]
        shared = numbers[0] if len(set(numbers)) == 1 else None
        body: dict[str, Any] = {
            "description": described(order),
            "global": {
                **self._agent.settings,
                **({"from": shared} if shared else {}),
                **({"start_time": _written(order.start_at)} if order.start_at else {}),
            },
            "call_objects": [
                {
                    "phone_number": call.to,
                    "request_data": dict(call.variables),
                    "metadata": {TAG: order.tag, KEY: call.key},
                    **({"from": number} if number and not shared else {}),
                }
                for call, number in zip(order.calls, numbers, strict=True)
            ],
            **(
                {"status_webhook": self._agent.status_webhook} if self._agent.status_webhook else {}
            ),
        }
        return msgspec.json.encode(body)

    def created(self, answer: Answer) -> str | None:
        """The new batch's id; some integrations saw it outside of `data`."""
        created: _Created = answer.proof(_Created)
        return (created.data and created.data.batch_id) or created.batch_id

    async def find(self, submission: SubmissionRef) -> tuple[list[Found], set[str]]:
        """Return the batches with our tag, and the ids of all that are listed."""
        batches = await self._all(submission.tag)
        hits = [batch for batch in batches.values() if is_tagged(batch.description, submission.tag)]
        return [_found(batch) for batch in hits], set(batches)

    async def tags(self) -> frozenset[str]:
        """The last words of all descriptions."""
        return frozenset(tag_in(batch.description) for batch in (await self._all()).values())

    async def _all(self, tag: str = "") -> dict[str, _Batch]:
        batches: dict[str, _Batch] = {}
        start = 0
        while rows := await self._rows("v2/batches/list", {"take": _BATCHES, "skip": start}):
            read = lists.readable(rows, _Batch, tag)
            fresh = {batch.id: batch for batch in read if batch.id and batch.id not in batches}
            if not fresh:
                raise lists.standstill()
            batches |= fresh
            start += len(rows)
        return batches

    async def status(self, batch: BatchRef) -> BatchStatus:
        """The batch itself has no status: its log tells, the newest entry first."""
        path, start, first = f"v2/batches/{lists.id_of(batch)}/logs", 0, b""
        while True:
            query = {"take": _LOG_ENTRIES, "skip": start, "direction": "desc"}
            rows = await self._rows(path, query)
            status = _status([*lists.readable(rows, _Event)])
            if status is not None:
                return status
            if len(rows) < _LOG_ENTRIES:
                return BatchStatus(progress=Progress.SCHEDULED)
            if bytes(rows[0]) == first:
                raise lists.standstill()
            start, first = start + len(rows), bytes(rows[0])

    async def page(self, batch: BatchRef, cursor: str | None) -> Page:
        """`GET /v1/calls`, which knows the batches of both generations."""
        filters = {"batch_id": lists.id_of(batch), "sort_by": "created_at"}
        place = resume(cursor, lists.Place())
        rows, total, onward = await lists.read(self._http, "v1/calls", "calls", filters, place)
        calls = tuple(listed(row, reader(detailed=False), scrub) for row in rows)
        return Page(calls=calls, next=onward and as_cursor(onward), total=total)

    async def stop(self, batch: BatchRef) -> None:
        """Running and scheduled batches alike; calls in progress run on."""
        lists.done(await self._http.act("POST", f"v2/batches/{lists.id_of(batch)}/stop"))

    async def _rows(self, path: str, query: Query) -> list[msgspec.Raw]:
        return lists.unwrapped(await self._http.get(path, query), list[msgspec.Raw] | None) or []


def described(order: Order) -> str:
    """The label as far as there is room, and the tag whole."""
    room = _DESCRIPTION - len(order.tag) - 1
    return f"{order.label[:room].rstrip()} {order.tag}".strip()


def is_tagged(description: str | None, tag: str) -> bool:
    """A description or label of ours ends with the tag."""
    return tag_in(description) == tag


def tag_in(description: str | None) -> str:
    """Return the last word of a description or label, which is the tag of one of ours."""
    return next(reversed((description or "").split()), "")


def _turn(numbers: tuple[str, ...], n: int) -> str | None:
    return numbers[n % len(numbers)] if numbers else None


def _written(start: datetime) -> str:
    """In Bland's own form, in UTC; never earlier than meant."""
    whole = start.astimezone(UTC).replace(microsecond=0)
    whole += timedelta(seconds=1) if start.microsecond else timedelta(0)
    return whole.isoformat(sep=" ")


def _found(batch: _Batch) -> Found:
    """`base_prompt` is the request's `global` part, as JSON text."""
    try:
        start = moment(decode(str(batch.base_prompt or "{}").encode(), _Global).start_time)
    except (ValueError, RecursionError):
        start = None
    return Found(
        provider_batch_id=batch.id or "",
        created_at=moment(batch.created_at),
        dialling=start is None or start <= datetime.now(UTC),
    )


def _status(events: list[_Event]) -> BatchStatus | None:
    """`complete` is the last word, whatever came after it."""
    complete = next((event for event in events if event.event_type == "complete"), None)
    newest = complete or next((event for event in events if event.word), None)
    if newest is None or newest.word is None:
        return None
    total = newest.told("calls_total")
    return BatchStatus(
        progress=PROGRESS.get(newest.word, Progress.UNKNOWN),
        word=newest.word,
        total=total if isinstance(total, int) else None,
    )
