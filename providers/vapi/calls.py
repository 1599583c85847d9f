"""Vapi's single calls, `POST /call`: one person in one request, for accounts without campaigns."""

from datetime import UTC, datetime, timedelta
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
from campaign.errors import Ambiguous, RateLimited, Rejected, Unsupported
from campaign.words import Progress
from providers.finding import Hit, sorted_out
from providers.http import Answer, Http
from providers.moments import moment
from providers.port import NO_EFFECT, Capabilities, Fence
from providers.rows import listed, readable
from providers.stopping import stop_each
from providers.throttle import moment_of
from providers.vapi.agent import AgentBlock
from providers.vapi.orders import (
    NAME_LENGTH,
    number_id,
    overrides_field,
    schedule,
    talker,
    variables,
)
from providers.vapi.walk import CallFilter, every_call, step
from providers.vapi.wire import KEY, TAG, CallRow, read_call, scrub

_MARGIN = timedelta(minutes=10)
# A scheduled call nearer than this to its start is left alone: deleting a live one erases it.
_TOO_LATE = timedelta(seconds=15)

FACTS = Capabilities(
    native_batch=False,
    two_phase_start=False,
    # As for campaigns: a start must lie in the future when it arrives.
    start_in_future=timedelta(minutes=1),
    stop_in_future=True,
    finds_by_tag=True,
    echoes_key=True,
    cancels="calls",
    pauses=False,
    page_limit=CallFilter.model_fields["limit"].default,
    batch_limit=1,
    concurrency_setting=False,
    counters=False,
    lists_only_own=False,
    transcript_from="list",
    cost_from="list",
    no_effect=NO_EFFECT,
    listing_lag=timedelta(minutes=3),
    requests_per_second=2,
)


class _Refusal(msgspec.Struct):
    error: str | None = None


class _Named(msgspec.Struct):
    id: str | None = None


class _Created(msgspec.Struct):
    """A call, or, as for several customers, results and errors."""

    id: str | None = None
    results: list[_Named] | None = None
    errors: list[_Refusal] | None = None

    @property
    def call_id(self) -> str | None:
        return self.id or next((call.id for call in self.results or [] if call.id), None)


class _SentOverrides(msgspec.Struct, rename="camel"):
    variable_values: dict[str, str]


class _Sent(msgspec.Struct, rename="camel"):
    name: str
    assistant_overrides: _SentOverrides | None = None
    squad_overrides: _SentOverrides | None = None

    @property
    def tag(self) -> str:
        overrides = self.assistant_overrides or self.squad_overrides
        return overrides.variable_values[TAG] if overrides else ""


class Calls:
    """One account that dials call by call."""

    def __init__(self, http: Http, agent: AgentBlock) -> None:
        self._http = http
        self._agent = agent

    def compose(self, order: Order) -> bytes:
        """Return the body for the one call. Raises `Unsupported`."""
        if len(order.calls) != 1:
            raise Unsupported("POST /call is sent for one call at a time")
        (call,) = order.calls
        if len(call.key) > NAME_LENGTH:
            raise Unsupported(f"a key may have {NAME_LENGTH} characters as the name of a call")
        agent = self._agent
        said = agent.overrides
        overrides = {
            **said,
            "variableValues": {**said.get("variableValues", {}), **variables(order, call)},
            "metadata": {**said.get("metadata", {}), TAG: order.tag, KEY: call.key},
        }
        body: dict[str, Any] = {
            "name": call.key,
            **talker(agent),
            "phoneNumberId": number_id(agent, order),
            **schedule(order.start_at, order.stop_at),
            **agent.extra,
            "customer": {"number": call.to, "externalId": call.key},
            overrides_field(agent): overrides,
        }
        return msgspec.json.encode(body)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Place the call, once."""
        sent = msgspec.json.decode(body, type=_Sent)
        try:
            answer = await self._http.submit("/call", body, fence, FACTS.no_effect)
        except Rejected as error:
            await self._raise_if_full(error.reason, error.status)
            raise
        created = answer.proof(_Created)
        refusal = next((r.error or "refused" for r in created.errors or []), None)
        if created.call_id is None and refusal is None:
            raise Ambiguous("a yes without the id of a call", status=answer.status)
        if created.call_id is None:
            await self._raise_if_full(refusal or "", answer.status)
        return Receipt(
            provider_batch_id=sent.tag,
            call_ids={sent.name: created.call_id} if created.call_id else {},
            refused={} if created.call_id else {sent.name: refusal or ""},
            request_id=answer.request_id,
        )

    async def _raise_if_full(self, reason: str, status: int | None) -> None:
        """No free line is refused as a bad request ("Over Concurrency Limit"), but only for now."""
        if "concurren" in reason.casefold():
            full = RateLimited("no free line", capacity=True, status=status, reason=reason)
            await self._http.heed(full)
            raise full

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Walk through the calls since the submission, for our tag and for our keys."""
        calls = [
            call
            async for row in every_call(self._http, self._since(submission.since))
            for call in readable([row], CallRow)
            if call.tag == submission.tag or call.key in submission.keys
        ]
        # The newest is listed first, and the oldest is the one that was meant.
        return sorted_out(submission, [_hit(call) for call in reversed(calls)])

    async def tags(self, since: datetime) -> frozenset[str]:
        """Return the tags of the calls since."""
        rows = [row async for row in every_call(self._http, self._since(since))]
        return frozenset(call.tag for call in readable(rows, CallRow) if call.tag)

    async def status(self, batch: BatchRef) -> BatchStatus:  # noqa: ARG002 - the port's signature
        """Say that it runs: there is no batch to look at, its calls tell when it is over."""
        return BatchStatus(progress=Progress.RUNNING)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return the next of the assistant's outbound calls since the batch began."""
        rows, onward = await step(self._http, self._since(batch.since), cursor)
        calls = [listed(row, read_call, scrub) for row in rows if not _foreign(row)]
        return Page(calls=tuple(calls), next=onward)

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call. Raises `NotFound`."""
        answer = await self._http.get(f"/call/{quote(call_id, safe='')}")
        return listed(answer.json(msgspec.Raw), read_call, scrub)

    async def stop(self, batch: BatchRef) -> None:
        """Delete the calls that are still scheduled; all of them, then raise. Live ones go on."""
        await stop_each(batch.open_calls, self._unschedule)

    async def _unschedule(self, call_id: str) -> None:
        path = f"/call/{quote(call_id, safe='')}"
        answer = await self._http.get(path)
        call = answer.json(CallRow)
        start = moment(call.schedule_plan.earliest_at) if call.schedule_plan else None
        if call.status == "scheduled" and start and start - _now(answer) > _TOO_LATE:
            await self._http.act("DELETE", path, {})

    def _since(self, since: datetime) -> CallFilter:
        return CallFilter(
            assistant_id=self._agent.assistant_id,
            phone_number_id=self._agent.phone_number_id,
            created_at_ge=since - _MARGIN,
        )


def _now(answer: Answer) -> datetime:
    """Return the provider's own time: a start time is compared with that."""
    return moment_of(answer.headers.get("date", "")) or datetime.now(UTC)


def _hit(call: CallRow) -> Hit:
    scheduled = call.status == "scheduled"
    return Hit(id=call.id, key=call.key, created_at=moment(call.created_at), dialling=not scheduled)


def _foreign(row: msgspec.Raw) -> bool:
    """Tell a call that came in: it may be from a person whom we call."""
    return any(not call.outbound for call in readable([row], CallRow))
