"""Vapi's campaigns, `/v2/campaign`: many people in one request, paced by Vapi."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

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
from campaign.errors import NotFound, Rejected, Unauthorized, Unsupported
from campaign.words import Progress
from providers.http import Http
from providers.moments import iso, moment
from providers.paging import as_cursor, refuse_repeat, resume
from providers.port import NO_EFFECT, Capabilities, Fence
from providers.rows import listed, readable
from providers.vapi.agent import AgentBlock
from providers.vapi.contacts import NEVER_DIALLED, dialled
from providers.vapi.orders import (
    NAME_LENGTH,
    number_id,
    overrides_field,
    schedule,
    talker,
    variables,
)
from providers.vapi.summaries import PAGE_LIMIT, Campaign, Rows
from providers.vapi.walk import CallFilter, every_call
from providers.vapi.wire import CallRow, read_call, scrub

_MOST_PEOPLE = 10_000
_MOST_LINES = 500
# Their clock is not ours.
_MARGIN = timedelta(minutes=10)

FACTS = Capabilities(
    native_batch=True,
    two_phase_start=False,
    # A start must lie in the future when it arrives; Vapi's guide to campaigns advises a minute.
    start_in_future=timedelta(minutes=1),
    stop_in_future=True,
    finds_by_tag=True,
    echoes_key=False,
    cancels="batch",
    pauses=False,
    page_limit=PAGE_LIMIT,
    # 10,000 are allowed; a contact that finds no free line for an hour is given up.
    batch_limit=1000,
    concurrency_setting=True,
    counters=True,
    lists_only_own=True,
    transcript_from="detail",
    cost_from="detail",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=3),
    requests_per_second=2,
)


_NOT_ENABLED = "the organization has no v2 campaigns: set `api: call` in the agent block"


class _Place(msgspec.Struct):
    campaign: str
    over: bool
    """The campaign had ended before its first contact was read."""
    page: int = 1
    first: str = ""
    """Identity of the first row of the page before."""


class Campaigns:
    """One account that dials by campaigns."""

    def __init__(self, http: Http, agent: AgentBlock) -> None:
        self._http = http
        self._agent = agent

    def compose(self, order: Order) -> bytes:
        """Return the campaign with all its contacts. Raises `Unsupported`."""
        numbers = [call.to for call in order.calls]
        if len(set(numbers)) < len(numbers):
            raise Unsupported("a number is twice in one Vapi campaign: its contacts cannot be told")
        if not 1 <= len(numbers) <= _MOST_PEOPLE:
            raise Unsupported(f"a Vapi campaign takes 1 to {_MOST_PEOPLE} people")
        agent, overrides = self._agent, overrides_field(self._agent)
        body: dict[str, Any] = {
            "name": _name(order),
            **talker(agent),
            "phoneNumberId": number_id(agent, order),
            # Its default is documented as 1, as 10 and as none.
            "maxConcurrency": min(order.concurrency, _MOST_LINES),
            **schedule(order.start_at, order.stop_at),
            **({overrides: agent.overrides} if agent.overrides else {}),
            **agent.extra,
            "customers": [
                {
                    "number": call.to,
                    "externalId": call.key,
                    overrides: {"variableValues": variables(order, call)},
                }
                for call in order.calls
            ],
        }
        return msgspec.json.encode(body)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Create the campaign, once: it dials by itself."""
        try:
            answer = await self._http.submit("/v2/campaign", body, fence, FACTS.no_effect)
        except Unauthorized as error:
            if "not enabled" in error.reason.casefold():
                raise Rejected(_NOT_ENABLED, status=error.status, reason=error.reason) from error
            raise
        campaign_id = answer.proof(Campaign).id
        return Receipt(provider_batch_id=campaign_id, request_id=answer.request_id)

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Look for a campaign of our name, then for calls that carry our tag."""
        found = [
            Found(
                provider_batch_id=campaign.id,
                created_at=moment(campaign.created_at),
                dialling=campaign.progress is not Progress.SCHEDULED,
            )
            async for campaign in self._since(submission.since)
            if campaign.named_after(submission.tag)
        ]
        return found or await self._found_by_calls(submission)

    async def tags(self, since: datetime) -> frozenset[str]:
        """Return the last words of the names of campaigns since.

        Raises `Unsupported` if the organization has no campaigns: there is no list of them then.
        """
        try:
            return frozenset([campaign.tag async for campaign in self._since(since)])
        except (NotFound, Unauthorized) as error:
            if isinstance(error, NotFound) or "not enabled" in error.reason.casefold():
                raise Unsupported(_NOT_ENABLED, status=error.status, reason=error.reason) from error
            raise

    async def status(self, batch: BatchRef) -> BatchStatus:
        """Look at the campaign's state and counters."""
        looks = [(await self._campaign(one, counters=True)).look() for one in _ids(batch)]
        if len(looks) == 1:
            return looks[0]
        going = [look for look in looks if not look.progress.over]
        return next(iter(going or looks), BatchStatus(progress=Progress.UNKNOWN))

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return a page of contacts: those with a call, and those that will never have one."""
        ids = _ids(batch)
        if not ids:
            return Page(calls=())
        place = resume(cursor, _Place("", over=False))
        if cursor is None:
            place = await self._begin(ids[0])
        path = f"/v2/campaign/{_path(place.campaign)}/contacts"
        query = {"limit": PAGE_LIMIT, "page": place.page, "sortBy": "position"}
        got = (await self._http.get(path, query)).json(Rows)
        first = refuse_repeat(place.first, got.results)
        onward: _Place | None = None
        if got.full():
            onward = _Place(place.campaign, place.over, place.page + 1, first)
        elif place.campaign in ids[:-1]:
            onward = await self._begin(ids[ids.index(place.campaign) + 1])
        return Page(
            calls=tuple(dialled(got.results, over=place.over)),
            next=None if onward is None else as_cursor(onward),
            total=int(got.metadata.total_items or 0) if got.metadata else None,
        )

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call. Raises `NotFound`, also for a contact that never had one."""
        if call_id.startswith(NEVER_DIALLED):
            raise NotFound("this contact was never dialled")
        answer = await self._http.get(f"/call/{_path(call_id)}")
        return listed(answer.json(msgspec.Raw), read_call, scrub)

    async def stop(self, batch: BatchRef) -> None:
        """Cancel: nobody further is dialled, and live calls go on."""
        for campaign_id in _ids(batch):
            try:
                await self._http.act(
                    "PATCH", f"/v2/campaign/{_path(campaign_id)}", {"status": "cancelled"}
                )
            except Rejected:
                # One that is over refuses to be cancelled.
                if not (await self._campaign(campaign_id)).progress.over:
                    raise

    async def _campaign(self, campaign_id: str, *, counters: bool = False) -> Campaign:
        query = {"includeCounters": True} if counters else None
        return (await self._http.get(f"/v2/campaign/{_path(campaign_id)}", query)).json(Campaign)

    async def _begin(self, campaign_id: str) -> _Place:
        """Look at the state first: a contact read after the end is never dialled any more."""
        return _Place(campaign_id, over=(await self._campaign(campaign_id)).progress.over)

    async def _since(self, since: datetime) -> AsyncIterator[Campaign]:
        query: dict[str, str | int] = {
            "createdAtGe": iso(since - _MARGIN),
            "sortBy": "createdAt",
            "sortOrder": "ASC",
            "limit": PAGE_LIMIT,
        }
        page, first, more = 1, "", True
        while more:
            got = (await self._http.get("/v2/campaign", {**query, "page": page})).json(Rows)
            first = refuse_repeat(first, got.results)
            for campaign in readable(got.results, Campaign):
                yield campaign
            page, more = page + 1, got.full()

    async def _found_by_calls(self, submission: SubmissionRef) -> list[Found]:
        only = CallFilter(
            assistant_id=self._agent.assistant_id,
            phone_number_id=self._agent.phone_number_id,
            created_at_ge=submission.since - _MARGIN,
        )
        calls: dict[str, dict[str, str]] = {}
        async for row in every_call(self._http, only):
            for call in readable([row], CallRow):
                ours = call.tag == submission.tag or call.key in submission.keys
                if call.campaign_id and ours:
                    calls.setdefault(call.campaign_id, {}).setdefault(call.key or "", call.id)
        return [
            Found(
                provider_batch_id=campaign_id,
                call_ids={key: call_id for key, call_id in ids.items() if key in submission.keys},
            )
            for campaign_id, ids in calls.items()
        ]


def _name(order: Order) -> str:
    """The tag, and of the label what fits beside it."""
    label = order.label[: max(0, NAME_LENGTH - len(order.tag) - 1)].strip()
    return f"{label} {order.tag}" if label else order.tag


def _ids(batch: BatchRef) -> list[str]:
    return [one.provider_batch_id for one in batch.submissions if one.provider_batch_id]


def _path(text: str) -> str:
    return quote(text, safe="")
