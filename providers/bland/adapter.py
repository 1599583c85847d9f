"""Bland's verbs, for both generations of its batches."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self
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
from campaign.errors import Ambiguous, NotFound, Rejected
from providers.bland import agent as blocks
from providers.bland import lists, v1, v2
from providers.bland.calls import KEY, SECRETS, TAG, CallRow, reader, scrub
from providers.http import Answer, Http
from providers.moments import moment
from providers.port import Account, Capabilities, Fence
from providers.rows import listed

_LOW_BALANCE_USD = 5
_CLOCK_AND_ZONE = timedelta(days=1)


class _Generation(Protocol):
    facts: Capabilities
    create: str

    def compose(self, order: Order) -> bytes: ...
    def created(self, answer: Answer) -> str | None: ...
    async def find(self, submission: SubmissionRef) -> tuple[list[Found], set[str]]: ...
    async def tags(self) -> frozenset[str]: ...
    async def status(self, batch: BatchRef) -> BatchStatus: ...
    async def page(self, batch: BatchRef, cursor: str | None) -> Page: ...
    async def stop(self, batch: BatchRef) -> None: ...


class _Billing(msgspec.Struct):
    current_balance: float | None = None


class _Me(msgspec.Struct):
    status: str | None = None
    billing: _Billing | None = None
    errors: Any = None


class Bland:
    """One account at Bland."""

    base_url: ClassVar[str] = "https://api.bland.ai"
    Agent: ClassVar[type[BaseModel]] = blocks.Agent
    secrets: ClassVar[frozenset[str]] = SECRETS

    def __init__(self, http: Http, agent: blocks.Agent) -> None:
        self._http = http
        self._batches: _Generation = v1.V1(http, agent) if agent.api == "v1" else v2.V2(http, agent)

    @property
    def capabilities(self) -> Capabilities:
        """The chosen generation's."""
        return self._batches.facts

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """The bare key, without "Bearer"."""
        return {"authorization": key}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """Both generations; the account is the same."""
        return MappingProxyType({"v2": v2.FACTS, "v1": v1.FACTS})

    @classmethod
    async def check(cls, http: Http) -> Account:
        """`GET /v1/me`, which also tells what is left."""
        answer = await http.get("v1/me")
        me: _Me = answer.json(_Me)
        if me.errors:
            lists.unwrapped(answer, None)
        left = me.billing.current_balance if me.billing else None
        detail = f"the account is {me.status or 'there'}"
        if left is None:
            return Account(detail=detail)
        low = ("the balance is low",) if left < _LOW_BALANCE_USD else ()
        return Account(detail=f"{detail}, ${left:.2f} left", warnings=low)

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """The block's `api` chooses the generation."""
        return cls(http, blocks.Agent.model_validate(agent))

    def compose(self, order: Order) -> bytes:
        """One batch."""
        return self._batches.compose(order)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Dials, at once or at the start time; the calls' ids come later, with the list."""
        facts = self._batches.facts
        answer = await self._http.submit(self._batches.create, body, fence, facts.no_effect)
        batch_id = self._batches.created(answer)
        if not batch_id:
            reason = answer.content[:2000].decode(errors="replace")
            raise Ambiguous("a yes without a batch id", status=answer.status, reason=reason)
        return Receipt(provider_batch_id=batch_id, request_id=answer.request_id)

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Among the batches by the tag; else among the calls since, by their metadata."""
        found, others = await self._batches.find(submission)
        return found or await self._find_by_calls(submission, others)

    async def tags(self, since: datetime) -> frozenset[str]:  # noqa: ARG002 - the port's signature
        """Of every batch of this generation: the lists know no filter."""
        return await self._batches.tags()

    async def _find_by_calls(self, submission: SubmissionRef, others: set[str]) -> list[Found]:
        """A batch that is in no list may have calls that are; one of each is read singly."""
        since = (submission.since - _CLOCK_AND_ZONE).date().isoformat()
        filters = {"start_date": since, "sort_by": "created_at"}
        found: dict[str, Found | None] = dict.fromkeys(others)
        place: lists.Place | None = lists.Place()
        while place is not None:
            rows, _, place = await lists.read(self._http, "v1/calls", "calls", filters, place)
            for call in lists.readable(rows, CallRow, submission.tag):
                if call.id and call.batch_id and call.batch_id not in found:
                    found[call.batch_id] = await self._batch_of(call, submission)
        return [hit for hit in found.values() if hit is not None]

    async def _batch_of(self, call: CallRow, submission: SubmissionRef) -> Found | None:
        if call.ours(TAG) is None and call.id:
            call = (await self._call(call.id)).json(CallRow)
        key = call.ours(KEY)
        if call.ours(TAG) != submission.tag or not call.batch_id:
            return None
        return Found(
            provider_batch_id=call.batch_id,
            created_at=moment(call.created_at),
            call_ids={key: call.id} if key and call.id else {},
        )

    async def status(self, batch: BatchRef) -> BatchStatus:
        """One look."""
        return await self._batches.status(batch)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Calls in the order in which they were created."""
        return await self._batches.page(batch, cursor)

    async def detail(self, call_id: str) -> ListedCall:
        """`GET /v1/calls/{id}`."""
        row = (await self._call(call_id)).json(msgspec.Raw)
        return listed(row, reader(detailed=True), scrub)

    async def _call(self, call_id: str) -> Answer:
        # The path beside it, and the one above it, are other endpoints.
        if call_id in {"", "active"}:
            raise NotFound("no call has such an id")
        return await self._http.get(f"v1/calls/{quote(call_id, safe='')}")

    async def stop(self, batch: BatchRef) -> None:
        """It cannot be undone. What a batch that is over answers is not documented."""
        try:
            await self._batches.stop(batch)
        except Rejected:
            if not (await self.status(batch)).progress.over:
                raise
