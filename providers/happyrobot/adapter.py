"""HappyRobot's verbs."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import quote

import msgspec
from pydantic import BaseModel

from campaign.calls import (
    BatchRef,
    BatchStatus,
    CallRequest,
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
    RateLimited,
    Rejected,
    Transient,
    Unreadable,
    Unsupported,
)
from campaign.words import Progress
from providers.happyrobot.agent import ID_LENGTH, AgentBlock
from providers.happyrobot.wire import (
    KEY,
    SECRETS,
    TAG,
    CallRow,
    Metadata,
    Transcript,
    read_call,
    scrub,
    with_transcript,
)
from providers.happyrobot.words import LIVE, WAITING
from providers.http import Http
from providers.mending import decode
from providers.moments import iso
from providers.paging import as_cursor, refuse_repeat, resume
from providers.port import NO_EFFECT, Account, Capabilities, Fence
from providers.rows import listed

_PAGE = 500
# Which of a call's times `from` is compared with is not documented.
_MARGIN = timedelta(minutes=10)

_CAPABILITIES = Capabilities(
    native_batch=False,
    two_phase_start=False,
    # No least lead is documented; a minute allows for clocks that differ.
    start_in_future=timedelta(minutes=1),
    finds_by_tag=True,
    echoes_key=True,
    cancels="calls",
    pauses=False,
    page_limit=_PAGE,
    batch_limit=AgentBlock.model_fields["chunk"].default,
    concurrency_setting=False,
    counters=False,
    lists_only_own=False,
    transcript_from="transcript call",
    cost_from="none",
    # Whether an array with one bad element is refused as a whole is not documented.
    no_effect=NO_EFFECT - {400},
    listing_lag=timedelta(minutes=3),
    requests_per_second=2,
)


class _Sent(msgspec.Struct):
    phone_number: str
    metadata: Metadata


class _Calls(msgspec.Struct):
    calls: list[msgspec.Raw]
    count: int | None = None
    limit: int | None = None


class _Place(msgspec.Struct):
    skip: int = 0
    first: str = ""
    """Identity of the first row of the page before."""


class HappyRobot:
    """One account, opened with a campaign's agent block."""

    base_url: ClassVar[str] = "https://app.happyrobot.ai/api/v1"
    Agent: ClassVar[type[BaseModel]] = AgentBlock
    secrets: ClassVar[frozenset[str]] = SECRETS

    def __init__(self, http: Http, agent: AgentBlock) -> None:
        self._http = http
        self._agent = agent

    @property
    def capabilities(self) -> Capabilities:
        """The facts, with the chunk that the agent block chose."""
        return replace(_CAPABILITIES, batch_limit=self._agent.chunk)

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        return {"Authorization": f"Bearer {key}"}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """Return the facts of the one API generation that can dial with arrays."""
        return {"": _CAPABILITIES}

    @classmethod
    async def check(cls, http: Http) -> Account:
        """Read one call: it needs nothing but the key."""
        found = (await http.get("/calls", {"type": "Outbound", "limit": 1})).json(_Calls)
        calls = "calls" if found.count is None else f"{found.count} outbound calls"
        return Account(detail=f"the key reads {calls}")

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """Open with the agent block. Raises `pydantic.ValidationError`."""
        return cls(http, AgentBlock.model_validate(agent))

    def compose(self, order: Order) -> bytes:
        """Return the array of calls. Raises `Unsupported`."""
        if len(order.calls) > self._agent.chunk:
            raise Unsupported(
                f"at most {self._agent.chunk} calls in one request: raise agent.chunk"
            )
        elements = [self._element(order, place, call) for place, call in enumerate(order.calls)]
        return msgspec.json.encode(elements)

    def _element(self, order: Order, place: int, call: CallRequest) -> dict[str, Any]:
        agent = self._agent
        said = {
            "number_id": _number_id(order, place, call),
            "phone_number": call.to,
            "use_case_id": agent.use_case_id,
            "prompt_id": agent.prompt_id,
            "agent_id": agent.agent_id,
            "model_id": agent.model_id,
            "language": agent.language,
            "params": dict(call.variables),
            "metadata": {**agent.metadata, TAG: order.tag, KEY: call.key},
            "campaign_id": agent.campaign_id,
            "scheduled_for": iso(order.start_at) if order.start_at else None,
            "max_duration_mins": agent.max_duration_mins,
        }
        return {name: value for name, value in said.items() if value is not None}

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Send the array, once. A call that the answer does not name stays without verdict."""
        sent = msgspec.json.decode(body, type=list[_Sent])
        no_effect = NO_EFFECT if len(sent) == 1 else _CAPABILITIES.no_effect
        answer = await self._http.submit("/dial/outbound-batched", body, fence, no_effect)
        created = list(_created(answer.proof(msgspec.Raw)))
        if not created:
            raise Ambiguous("a yes without the id of any call", status=answer.status)
        return Receipt(
            provider_batch_id=str(sent[0].metadata.ours(TAG)),
            call_ids=_by_key(created, sent),
            request_id=answer.request_id,
        )

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Look at every call since the submission, for our tag and for our keys."""
        calls = [
            call
            async for call in self._every_call(submission.since)
            if call.tag == submission.tag or call.key in submission.keys
        ]
        if not calls:
            return []
        ids: dict[str, str] = {}
        for call in calls:
            ids.setdefault(call.key or "", call.id)
        return [
            Found(
                provider_batch_id=submission.tag,
                created_at=min((c.created_at for c in calls if c.created_at), default=None),
                dialling=any((call.status or "").casefold() != "scheduled" for call in calls),
                call_ids={key: call_id for key, call_id in ids.items() if key},
            )
        ]

    async def status(self, batch: BatchRef) -> BatchStatus:  # noqa: ARG002 - the port's signature
        """Say that it runs: there is no batch to look at, its calls tell when it is over."""
        return BatchStatus(progress=Progress.RUNNING)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return a page of the use case's calls since the batch began, the oldest first."""
        rows, following, total = await self._list(batch.since, cursor)
        calls = tuple(listed(row, read_call, scrub) for row in rows)
        return Page(calls=calls, next=following, total=total)

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call, and its transcript if there was a conversation; raw holds both answers."""
        answer = await self._http.get(f"/calls/{_path(call_id)}")
        row = listed(answer.json(msgspec.Raw), read_call, scrub)
        if row.call is None or not row.call.needs_detail:
            return row
        try:
            said = await self._http.get(f"/calls/{_path(call_id)}/transcript")
            call = with_transcript(row.call, said.json(Transcript))
        except (NotFound, Unreadable):
            return replace(row, call=replace(row.call, needs_detail=False))
        both = {"call": msgspec.Raw(row.raw), "transcript": msgspec.Raw(scrub(said.content))}
        return ListedCall(raw=msgspec.json.encode(both), call=call)

    async def stop(self, batch: BatchRef) -> None:
        """Cancel the calls that wait, hang up those that are live; all of them, then raise."""
        failure: Transient | None = None
        for call_id in batch.open_calls:
            try:
                await self._end(call_id)
            except RateLimited:
                raise
            except Transient as error:
                failure = failure or error
        if failure is not None:
            raise failure

    async def _end(self, call_id: str) -> None:
        try:
            answer = await self._http.get(f"/calls/{_path(call_id)}")
            word = (answer.json(CallRow).status or "").casefold()
            # The path of stop was seen in clients; that of cancel is inferred from it.
            if word in WAITING:
                await self._http.act("POST", f"/calls/{_path(call_id)}/cancel")
            elif word in LIVE:
                await self._http.act("POST", f"/calls/{_path(call_id)}/stop")
        except (NotFound, Rejected):
            # It ended in the meantime: its next look tells.
            return

    async def _every_call(self, since: datetime) -> AsyncIterator[CallRow]:
        cursor: str | None = None
        while True:
            rows, cursor, _ = await self._list(since, cursor)
            for call in _readable(rows):
                yield call
            if cursor is None:
                return

    async def _list(
        self, since: datetime, cursor: str | None
    ) -> tuple[list[msgspec.Raw], str | None, int | None]:
        place = resume(cursor, _Place())
        query = {
            "type": "Outbound",
            "use_cases": self._agent.use_case_id,
            "from": iso(since - _MARGIN),
            "sort": "asc",
            "limit": _PAGE,
            "skip": place.skip,
        }
        got = (await self._http.get("/calls", query)).json(_Calls)
        first = refuse_repeat(place.first, got.calls)
        # They may give fewer than we ask for, and say so. `count` grows meanwhile: it ends nothing.
        full = min(_PAGE, got.limit or _PAGE)
        more = len(got.calls) >= max(full, 1)
        following = _Place(place.skip + len(got.calls), first)
        return got.calls, as_cursor(following) if more else None, got.count


def _number_id(order: Order, place: int, call: CallRequest) -> str:
    number = call.from_number
    if number is None and order.from_numbers:
        number = order.from_numbers[place % len(order.from_numbers)]
    if number is None or len(number) != ID_LENGTH:
        raise Unsupported(
            "HappyRobot calls from a number by its id: put the id of 24 characters in from_numbers"
        )
    return number


def _created(answer: msgspec.Raw) -> Iterator[CallRow]:
    """The created calls; the reference shows a single object, clients see an array."""
    content = bytes(answer)
    single = content[:1] != b"["
    yield from _readable([answer] if single else decode(content, list[msgspec.Raw]))


def _readable(rows: list[msgspec.Raw]) -> Iterator[CallRow]:
    for row in rows:
        try:
            yield decode(bytes(row), CallRow)
        except (ValueError, RecursionError):
            continue


def _by_key(created: list[CallRow], sent: list[_Sent]) -> dict[str, str]:
    """Match by our key, else by a number that was sent once; never by position."""
    numbers = [_digits(element.phone_number) for element in sent]
    keys = {str(element.metadata.ours(KEY)) for element in sent}
    by_number = {
        number: str(element.metadata.ours(KEY))
        for number, element in zip(numbers, sent, strict=True)
        if numbers.count(number) == 1
    }
    ids: dict[str, str] = {}
    for call in created:
        to = _digits((call.metadata.to if call.metadata else None) or "")
        key = call.key or by_number.get(to)
        if key in keys:
            ids.setdefault(str(key), call.id)
    return ids


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def _path(call_id: str) -> str:
    return quote(call_id, safe="")
