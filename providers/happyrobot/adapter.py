"""HappyRobot's verbs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
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
from campaign.errors import Ambiguous, NotFound, Rejected, Unreadable
from campaign.words import Progress
from providers.finding import Hit, sorted_out
from providers.happyrobot import orders
from providers.happyrobot.agent import AgentBlock
from providers.happyrobot.wire import (
    SECRETS,
    CallRow,
    Transcript,
    read_call,
    scrub,
    with_transcript,
)
from providers.happyrobot.words import LIVE, WAITING
from providers.http import Http
from providers.moments import iso
from providers.paging import as_cursor, refuse_repeat, resume
from providers.port import NO_EFFECT, Account, Capabilities, Fence
from providers.rows import listed, readable
from providers.stopping import stop_each

_PAGE = 500
# Which of a call's times `from` is compared with is not documented.
_MARGIN = timedelta(minutes=10)

_CAPABILITIES = Capabilities(
    native_batch=False,
    two_phase_start=False,
    # No least lead is documented; a minute allows for clocks that differ.
    start_in_future=timedelta(minutes=1),
    stop_in_future=False,
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
        return orders.compose(order, self._agent)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Send the array, once. A call that the answer does not name stays without verdict."""
        sent = orders.sent(body)
        no_effect = NO_EFFECT if len(sent) == 1 else _CAPABILITIES.no_effect
        answer = await self._http.submit("/dial/outbound-batched", body, fence, no_effect)
        created = orders.created(answer.proof(msgspec.Raw))
        if not created:
            raise Ambiguous("a yes without the id of any call", status=answer.status)
        return Receipt(
            provider_batch_id=sent[0].tag,
            call_ids=orders.by_key(created, sent),
            request_id=answer.request_id,
        )

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Look at every call since the submission, for our tag and for our keys."""
        calls = [
            call
            async for call in self._every_call(submission.since)
            if call.tag == submission.tag or call.key in submission.keys
        ]
        return sorted_out(submission, map(_hit, calls))

    async def tags(self, since: datetime) -> frozenset[str]:
        """Return the tags of the calls since."""
        return frozenset([call.tag async for call in self._every_call(since) if call.tag])

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
            words = scrub(bytes(said.json(msgspec.Raw)))
        except (NotFound, Unreadable):
            return replace(row, call=replace(row.call, needs_detail=False))
        both = {"call": msgspec.Raw(row.raw), "transcript": msgspec.Raw(words)}
        return ListedCall(raw=msgspec.json.encode(both), call=call)

    async def stop(self, batch: BatchRef) -> None:
        """Cancel the calls that wait, then hang up those that are live; all of them, then raise.

        In this order: a line that is free rings the next one that waits.
        """
        live: list[str] = []

        async def end(call_id: str) -> None:
            path = f"/calls/{_path(call_id)}"
            if call_id in live:
                await self._http.act("POST", f"{path}/stop")
                return
            word = ((await self._http.get(path)).json(CallRow).status or "").casefold()
            # The path of stop was seen in clients; that of cancel is inferred from it.
            if word in WAITING:
                try:
                    await self._http.act("POST", f"{path}/cancel")
                except Rejected:
                    live.append(call_id)  # It may have begun to ring in the meantime.
            elif word in LIVE:
                live.append(call_id)

        # What is found to be live comes behind all the others, once more.
        await stop_each(chain(batch.open_calls, live), end)

    async def _every_call(self, since: datetime) -> AsyncIterator[CallRow]:
        cursor: str | None = None
        while True:
            rows, cursor, _ = await self._list(since, cursor)
            for call in readable(rows, CallRow):
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


def _path(call_id: str) -> str:
    return quote(call_id, safe="")


def _hit(call: CallRow) -> Hit:
    scheduled = (call.status or "").casefold() == "scheduled"
    return Hit(id=call.id, key=call.key, created_at=call.created_at, dialling=not scheduled)
