"""Adapters against the simulated network: what a person did is what the adapter tells."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import httpx
import pytest

import providers
from campaign.calls import BatchRef, Call, CallRequest, Order, SubmissionRef
from campaign.words import Outcome, Progress
from providers.http import Http
from providers.port import Provider, Starts
from providers.throttle import Throttle
from simulator.app import build_app
from simulator.clock import VirtualClock
from simulator.people import People
from simulator.settings import SimulatorSettings

AGENTS: dict[str, dict[str, Any]] = {
    "vogent": {"agent_id": "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"},
    "bland": {"task": "You are calling {{first_name}}."},
    "bland-v1": {"api": "v1", "task": "You are calling {{first_name}}."},
    "happyrobot": {"use_case_id": "65f1c0aa0000000000000010"},
    "vapi": {"assistant_id": "0d8f7b62-3f0e-4a55-9a07-2f1f0f4c9b10"},
    "vapi-call": {"api": "call", "assistant_id": "0d8f7b62-3f0e-4a55-9a07-2f1f0f4c9b10"},
    "vocode": {"agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"},
    "vocode-fluents": {
        "agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
        "dialect": "fluents",
    },
}
NUMBERS = {
    "vogent": "9a4be2b7-0f0c-4ef4-8a51-2c1d7f2f6d20",
    "bland": "+13125550199",
    "happyrobot": "65f1c0aa0000000000000001",
    "vapi": "c2a1e6d4-88b1-4f5f-8f0e-5f5c1b7a2d33",
    "vocode": "+13125550199",
}
# By the last two digits of the number, as the simulator's script has it.
REACTIONS = {
    "00": Outcome.ANSWERED,
    "01": Outcome.VOICEMAIL,
    "02": Outcome.NO_ANSWER,
    "03": Outcome.BUSY,
    "04": Outcome.FAILED,
    "05": Outcome.TRANSFERRED,
}
TAG = "od1-abcd2345-7-1-0a1b2c3d"


class Straight(httpx.AsyncBaseTransport):
    """Into the application without a socket, with httpcore's event before the first byte."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trace = request.extensions.get("trace")
        if trace is not None:
            wired = httpcore.Request(request.method, str(request.url))
            await trace("http11.send_request_headers.started", {"request": wired})
        return await self._app.handle_async_request(request)


@dataclass(frozen=True)
class Town:
    """A provider's adapter, and the clock of the network behind it."""

    provider: Provider
    clock: VirtualClock
    number: str

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    async def submit(self, calls: tuple[CallRequest, ...]) -> BatchRef:
        """In as many submissions as the provider needs."""
        size = self.provider.capabilities.batch_limit
        lead = self.provider.capabilities.start_in_future
        order = Order(
            tag=TAG,
            label="spring-renewals",
            calls=calls,
            from_numbers=(self.number,),
            concurrency=1,
        )
        if lead is not None:
            order = replace(order, start_at=self.now + 2 * lead)
        submissions: list[SubmissionRef] = []
        ids: dict[str, str] = {}
        since = self.now
        for place in range(0, len(calls), size):
            part = replace(order, tag=f"{TAG[:-2]}{place:02d}", calls=calls[place : place + size])
            receipt = await self.provider.submit(self.provider.compose(part), passing)
            ids |= {call_id: key for key, call_id in receipt.call_ids.items()}
            submission = SubmissionRef(
                tag=part.tag,
                provider_batch_id=receipt.provider_batch_id,
                since=since,
                keys=frozenset(call.key for call in part.calls),
            )
            if isinstance(self.provider, Starts):
                await self.provider.verify(submission)
                await self.provider.start(submission, passing)
            submissions.append(submission)
        return BatchRef(submissions=tuple(submissions), open_calls=ids)

    async def collect(self, batch: BatchRef) -> list[Call]:
        """All pages, and singly what asks for it."""
        calls: list[Call] = []
        page = await self.provider.page(batch)
        while True:
            calls += [row.call for row in page.calls if row.call]
            assert all(row.call for row in page.calls)
            if page.next is None:
                break
            page = await self.provider.page(batch, page.next)
        return [await self._whole(call) if call.needs_detail else call for call in calls]

    async def _whole(self, call: Call) -> Call:
        read = (await self.provider.detail(call.id)).call
        assert read is not None
        return read


async def passing() -> None:
    """A fence that says yes."""


class SimulatedTime:
    """The simulator's clock as our own."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    async def sleep(self, length: timedelta) -> None:
        self._clock.advance(max(length.total_seconds(), 0))


@asynccontextmanager
async def town(name: str, **switches: Any) -> AsyncGenerator[Town]:
    provider, _, variant = name.partition("-")
    clock = VirtualClock()
    settings: dict[str, Any] = {"people": People(mode="script"), provider: switches}
    if variant == "fluents":
        settings[provider] = {"variant": "fluents", **switches}
    app = build_app(SimulatorSettings.model_validate(settings), clock=clock)
    adapter = providers.adapter(provider)
    base_url = "http://simulator" + app.state.stage.mounts[provider]
    headers, throttle = adapter.headers("test-key"), Throttle(SimulatedTime(clock))
    async with Http(base_url, headers, throttle=throttle, transport=Straight(app)) as http:
        yield Town(adapter.open(http, AGENTS[name]), clock, NUMBERS[provider])


def people(digits: list[str]) -> tuple[CallRequest, ...]:
    return tuple(
        CallRequest(key=f"k{d}" + "a" * 22, to=f"+131255501{d}", variables={"first_name": "Ada"})
        for d in digits
    )


@pytest.mark.parametrize("name", AGENTS)
async def test_what_a_person_did_is_what_the_adapter_tells(name: str) -> None:
    async with town(name) as here:
        batch = await here.submit(people(list(REACTIONS)))
        here.clock.advance(timedelta(hours=2).total_seconds())
        calls = await here.collect(batch)

    assert {(call.to or "")[-2:]: call.outcome for call in calls} == REACTIONS
    assert len(calls) == len(REACTIONS)
    assert all(call.over for call in calls)


@pytest.mark.parametrize(
    "name, switches",
    [
        ("vogent", {"order": "newest"}),
        ("vogent", {"order": "created", "max_limit": 1}),
        ("vogent", {"max_limit": 2, "empty_last_page": True}),
        ("vogent", {"complete_when": "dialled", "listing_delay": 60}),
        ("bland", {"list_fields": "full"}),
        ("bland", {"newest_first": False, "max_take": 1, "preview": 0}),
        ("bland", {"complete_at": "dispatch", "list_scheduled": True}),
        ("bland", {"min_start_seconds": 300}),
    ],
)
async def test_what_their_documents_leave_open_changes_no_result(
    name: str, switches: dict[str, Any]
) -> None:
    async with town(name, **switches) as here:
        batch = await here.submit(people(list(REACTIONS)))
        found = await here.provider.find(replace(batch.submissions[0], provider_batch_id=None))
        here.clock.advance(timedelta(hours=2).total_seconds())
        calls = await here.collect(batch)
        status = await here.provider.status(batch)

    assert {(call.to or "")[-2:]: call.outcome for call in calls} == REACTIONS
    assert [hit.provider_batch_id for hit in found] == [batch.submissions[0].provider_batch_id]
    assert status.progress is Progress.COMPLETED


@pytest.mark.parametrize("name", AGENTS)
async def test_an_end_that_nobody_documented_is_unknown_and_never_guessed_at(name: str) -> None:
    async with town(name) as here:
        batch = await here.submit(people(["07"]))
        here.clock.advance(timedelta(hours=2).total_seconds())
        (call,) = await here.collect(batch)

    assert call.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", AGENTS)
async def test_every_call_is_found_by_its_tag_and_its_keys(name: str) -> None:
    calls = people(["00", "02"])
    async with town(name) as here:
        batch = await here.submit(calls)
        found = [
            await here.provider.find(replace(one, provider_batch_id=None))
            for one in batch.submissions
        ]

    assert [[hit.provider_batch_id for hit in hits] for hits in found] == [
        [one.provider_batch_id] for one in batch.submissions
    ]
    if not here.provider.capabilities.native_batch:
        ids = {call_id: key for (hit,) in found for key, call_id in hit.call_ids.items()}
        assert ids == batch.open_calls


@pytest.mark.parametrize("name", AGENTS)
async def test_a_submission_that_was_never_sent_is_not_found(name: str) -> None:
    async with town(name) as here:
        batch = await here.submit(people(["00"]))
        (sent,) = batch.submissions
        lost = replace(sent, tag="od1-abcd2345-9-9-0a1b2c3d", keys=frozenset({"kzz" + "a" * 22}))

        assert await here.provider.find(lost) == []


# Vogent and Bland list no call that was never placed, and Vogent rings the first at once; Vapi
# fails the contacts of a cancelled campaign; Vocode has no word for a call that we ended.
STOPPED: dict[str, list[Outcome]] = {
    "vogent": [Outcome.ANSWERED],
    "bland": [],
    "bland-v1": [],
    "happyrobot": [Outcome.CANCELLED] * 2,
    "vapi": [Outcome.FAILED] * 2,
    "vapi-call": [Outcome.CANCELLED] * 2,
    "vocode": [Outcome.NO_ANSWER] * 2,
    "vocode-fluents": [Outcome.NO_ANSWER] * 2,
}


@pytest.mark.parametrize("name", AGENTS)
async def test_who_is_not_rung_yet_when_we_stop_is_not_talked_to(name: str) -> None:
    async with town(name) as here:
        batch = await here.submit(people(["00", "01"]))
        await here.provider.stop(batch)
        await here.provider.stop(batch)
        here.clock.advance(timedelta(hours=2).total_seconds())
        calls = await here.collect(batch)

    assert [call.outcome for call in calls] == STOPPED[name]
    assert all(call.over for call in calls)


@pytest.mark.parametrize("name", AGENTS)
async def test_a_person_who_asks_not_to_be_called_again_is_told_where_the_provider_tells(
    name: str,
) -> None:
    async with town(name) as here:
        batch = await here.submit(people(["08"]))
        here.clock.advance(timedelta(hours=2).total_seconds())
        (call,) = await here.collect(batch)

    assert call.outcome is Outcome.ANSWERED
    assert call.opted_out == name.startswith("vocode")
