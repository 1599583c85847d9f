"""Vocode's verbs."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Self

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
from campaign.errors import NotFound, Unsupported
from campaign.words import Progress
from providers.finding import Hit, sorted_out
from providers.http import Http
from providers.moments import moment
from providers.paging import as_cursor, refuse_repeat, resume
from providers.port import NO_EFFECT, Account, Capabilities, Fence
from providers.rows import listed, readable
from providers.stopping import stop_each
from providers.vocode.agent import AgentBlock
from providers.vocode.wire import KEY, SECRETS, TAG, CallRow, digits, reader, scrub

_PAGE = 50
_GLANCE = 40
"""Pages that are worth a look where nobody is looked for."""
_FEW = 20
"""So many open calls are read singly: the list has no filter, and may be long."""

_CAPABILITIES = Capabilities(
    native_batch=False,
    two_phase_start=False,
    start_in_future=None,
    stop_in_future=False,
    finds_by_tag=True,
    echoes_key=True,
    cancels="calls",
    pauses=False,
    page_limit=_PAGE,
    batch_limit=1,
    concurrency_setting=False,
    counters=False,
    lists_only_own=False,
    transcript_from="list",
    cost_from="none",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=3),
    requests_per_second=1,
)


class _Created(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(min_length=1)]


class _Sent(msgspec.Struct):
    context: dict[str, str]


class _Calls(msgspec.Struct):
    items: list[msgspec.Raw]
    has_more: bool
    total: int | None = None
    total_is_estimated: bool | None = None


class _Usage(msgspec.Struct):
    plan_type: str | None = None
    monthly_usage_minutes: float | None = None
    monthly_usage_limit_minutes: float | None = None


class _Place(msgspec.Struct):
    page: int = 1
    first: str = ""
    """Identity of the first row of the page before."""


class Vocode:
    """One account, opened with a campaign's agent block."""

    base_url: ClassVar[str] = "https://api.vocode.dev/v1"
    Agent: ClassVar[type[BaseModel]] = AgentBlock
    secrets: ClassVar[frozenset[str]] = SECRETS

    def __init__(self, http: Http, agent: AgentBlock) -> None:
        self._http = http
        self._agent = agent
        self._read = reader(agent.dialect)

    @property
    def capabilities(self) -> Capabilities:
        """The facts; both dialects have the same."""
        return _CAPABILITIES

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        return {"Authorization": f"Bearer {key}"}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """Return the facts of the one API generation."""
        return {"": _CAPABILITIES}

    @classmethod
    async def check(cls, http: Http) -> Account:
        """Read the usage; where there is none (Fluents), one of the account's numbers."""
        try:
            usage = (await http.get("/usage")).json(_Usage)
        except NotFound:
            await http.get("/numbers/list", {"size": 1})
            return Account(detail="the key reads the account's numbers")
        used, limit = usage.monthly_usage_minutes or 0, usage.monthly_usage_limit_minutes
        of = "" if limit is None else f" of {limit:g}"
        over = () if limit is None or used < limit else ("the minutes of this month are used up",)
        plan = usage.plan_type or "plan not said"
        return Account(detail=f"{plan}, {used:g}{of} minutes used this month", warnings=over)

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """Open with the agent block. Raises `pydantic.ValidationError`."""
        return cls(http, AgentBlock.model_validate(agent))

    def compose(self, order: Order) -> bytes:
        """Return the body for the one call. Raises `Unsupported`."""
        if len(order.calls) != 1:
            raise Unsupported("Vocode takes one call in a request")
        if order.start_at is not None:
            raise Unsupported("Vocode knows no start time: it dials at once")
        (call,) = order.calls
        number = call.from_number or next(iter(order.from_numbers), None)
        if number is None or not digits(number):
            raise Unsupported("Vocode calls from a number of the account: put it in from_numbers")
        agent = self._agent
        body: dict[str, Any] = {
            "from_number": digits(number),
            "to_number": digits(call.to),
            "agent": str(agent.agent_id),
            "on_no_human_answer": agent.on_no_human_answer,
            "run_do_not_call_detection": agent.run_do_not_call_detection,
            "hipaa_compliant": agent.hipaa_compliant,
            "context": {**call.variables, TAG: order.tag, KEY: call.key},
        }
        if agent.telephony_params or agent.dialect == "fluents":
            body["telephony_params"] = agent.telephony_params
        if agent.dialect == "fluents":
            # docs.fluents.ai/api-reference/calls/create-call asks for both.
            body["agent_phone_number"] = digits(number)
            body["telephony_provider"] = agent.telephony_provider
        return msgspec.json.encode(body)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Place the call, once."""
        context = msgspec.json.decode(body, type=_Sent).context
        answer = await self._http.submit("/calls/create", body, fence, _CAPABILITIES.no_effect)
        call_id = answer.proof(_Created).id
        return Receipt(
            provider_batch_id=context[TAG],
            call_ids={context[KEY]: call_id},
            request_id=answer.request_id,
        )

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Sweep the whole list for our tag and for our keys: it knows no filter and no order."""
        calls = [
            call
            async for call in self._every_call()
            if call.ours(TAG) == submission.tag or call.ours(KEY) in submission.keys
        ]
        return sorted_out(submission, map(_hit, calls))

    async def tags(self, since: datetime) -> frozenset[str]:  # noqa: ARG002 - the port's signature
        """Return those on the first pages: the list knows neither time nor order."""
        tags: set[str] = set()
        cursor: str | None = None
        for _ in range(_GLANCE):
            got, cursor = await self._list(cursor)
            tags |= {tag for call in readable(got.items, CallRow) if (tag := call.ours(TAG))}
            if cursor is None:
                break
        return frozenset(tags)

    async def status(self, batch: BatchRef) -> BatchStatus:  # noqa: ARG002 - the port's signature
        """Say that it runs: there is no batch to look at, its calls tell when it is over."""
        return BatchStatus(progress=Progress.RUNNING)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return a page of all the account's calls; a few calls that are known are read singly."""
        in_doubt = any(one.provider_batch_id is None for one in batch.submissions)
        if cursor is None and 0 < len(batch.open_calls) <= _FEW and not in_doubt:
            return Page(calls=tuple([row async for row in self._singly(batch.open_calls)]))
        got, following = await self._list(cursor)
        calls = tuple(listed(row, self._read, scrub) for row in got.items)
        return Page(
            calls=calls, next=following, total=None if got.total_is_estimated else got.total
        )

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call, with its ISO times."""
        answer = await self._http.get("/calls", {"id": call_id})
        return listed(answer.json(msgspec.Raw), self._read, scrub)

    async def stop(self, batch: BatchRef) -> None:
        """Hang up every open call; all of them, then raise."""
        await stop_each(batch.open_calls, self._end)

    async def _end(self, call_id: str) -> None:
        await self._http.act("POST", "/calls/end", query={"id": call_id})

    async def _singly(self, open_calls: Mapping[str, str]) -> AsyncIterator[ListedCall]:
        for call_id in open_calls:
            try:
                yield await self.detail(call_id)
            except NotFound:
                # Not listed yet: no proof of anything.
                continue

    async def _every_call(self) -> AsyncIterator[CallRow]:
        cursor: str | None = None
        while True:
            got, cursor = await self._list(cursor)
            for call in readable(got.items, CallRow):
                yield call
            if cursor is None:
                return

    async def _list(self, cursor: str | None) -> tuple[_Calls, str | None]:
        # No sort: `start_time` is null at first, so that rows would move while we page.
        place = resume(cursor, _Place())
        query = {"page": place.page, "size": _PAGE}
        got = (await self._http.get("/calls/list", query)).json(_Calls)
        first = refuse_repeat(place.first, got.items)
        more = got.has_more and bool(got.items)
        return got, as_cursor(_Place(place.page + 1, first)) if more else None


def _hit(call: CallRow) -> Hit:
    return Hit(id=call.id, key=call.ours(KEY), created_at=moment(call.start_time))
