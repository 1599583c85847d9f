"""What one answer teaches holds for the next request, and what is cut is cut where it is said."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from campaign.errors import (
    Ambiguous,
    ClocksDiffer,
    ProviderError,
    RateLimited,
    Rejected,
    Transient,
    Unreadable,
)
from campaign.patience import Patience
from providers import http as door
from providers.http import MAX_BODY, Http, retry_after
from providers.port import NO_EFFECT
from tests.providers.gate import Gate
from tests.providers.raw_server import Connection, answering, http, listening

BODY = b'{"to":"+13125550101"}'
SECOND = timedelta(seconds=1)


class Others:
    """What other runners know of the account, and are told."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.told: list[RateLimited] = []

    async def patience(self) -> Patience:
        return self._patience

    async def refused(self, refusal: RateLimited) -> None:
        self.told.append(refusal)


@pytest.mark.parametrize("off", [-600 * SECOND, 600 * SECOND])
async def test_a_clock_that_differs_holds_back_submits_and_no_reads(off: timedelta) -> None:
    date = format_datetime(datetime.now(UTC) + off, usegmt=True)
    gate = Gate()
    async with listening(answering(http(200, date=date))) as server, Http(server.url, {}) as client:
        await client.get("calls")
        with pytest.raises(ClocksDiffer):
            await client.submit("calls", BODY, gate, NO_EFFECT)
        await client.get("calls")

        assert gate.asked == 0
        assert [request.split()[0] for request in server.requests] == [b"GET", b"GET"]


async def test_a_refusal_that_another_runner_was_given_is_heeded_here() -> None:
    refusal = RateLimited("too fast", retry_after=3600 * SECOND)
    others = Others(Patience().after(refusal, datetime.now(UTC)))
    async with (
        listening(answering(http(200))) as server,
        Http(server.url, {}, memory=others) as client,
    ):
        with pytest.raises(RateLimited):
            await client.get("calls")

        assert server.connections == []


async def test_others_are_told_of_a_refusal_as_it_was_given() -> None:
    others = Others(Patience())
    async with (
        listening(answering(http(429, retry_after="7"))) as server,
        Http(server.url, {}, memory=others) as client,
    ):
        with pytest.raises(RateLimited) as raised:
            await client.get("calls")

    assert others.told == [raised.value]


class Forgetful(Others):
    """A memory that cannot be written."""

    async def refused(self, refusal: RateLimited) -> None:
        await super().refused(refusal)
        raise ConnectionError("the ledger is away")


async def test_a_refusal_stays_one_though_nobody_else_can_be_told() -> None:
    others, gate = Forgetful(Patience()), Gate()
    async with (
        listening(answering(http(429, retry_after="3600"))) as server,
        Http(server.url, {}, memory=others) as client,
    ):
        with pytest.raises(RateLimited):
            await client.submit("calls", BODY, gate, NO_EFFECT)
        with pytest.raises(RateLimited, match="left alone"):
            await client.submit("calls", BODY, gate, NO_EFFECT)

        assert gate.asked == 1
        assert len(server.connections) == 1
    assert len(others.told) == 1


async def test_a_write_that_rings_nobody_has_its_query_and_says_that_it_is_json() -> None:
    async with listening(answering(http(200))) as server, Http(server.url, {}) as client:
        await client.act("POST", "calls/end", {"now": True}, {"id": "c_1"})

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /calls/end?id=c_1 ")
        assert b"\r\ncontent-type: application/json\r\n" in head.replace(b"Content-T", b"content-t")
        assert body == b'{"now":true}'


async def test_a_write_without_a_body_has_none_and_says_nothing_of_one() -> None:
    async with listening(answering(http(200))) as server, Http(server.url, {}) as client:
        await client.act("POST", "calls/c_1/stop")

        head, _, body = server.requests[0].lower().partition(b"\r\n\r\n")
        assert b"content-type" not in head
        assert body == b""


async def test_a_provider_is_told_who_asks() -> None:
    async with listening(answering(http(200))) as server, Http(server.url, {}) as client:
        await client.get("calls")

        assert b"User-Agent: outdial\r\n" in server.requests[0]


async def test_a_read_is_given_up_when_nothing_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fall_silent(connection: Connection) -> None:
        await connection.request()
        await connection.rest()

    monkeypatch.setattr(door, "_READ_TIMEOUT", httpx.Timeout(0.1))
    async with listening(fall_silent) as server, Http(server.url, {}) as client:
        with pytest.raises(Transient, match="ReadTimeout"):
            await client.get("calls")


async def test_an_answer_is_waited_for_longer_than_the_library_would() -> None:
    """By five seconds of its own a batch that takes long to be accepted would be a doubt."""
    waits: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        waits.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, json={})

    network = httpx.MockTransport(answer)
    async with Http("http://127.0.0.1", {}, transport=network) as client:
        await client.get("calls")
        with pytest.raises(Ambiguous):  # This network knows nothing of a first byte.
            await client.submit("calls", BODY, Gate(), NO_EFFECT)

    reading, submitting = waits
    assert reading >= 30
    assert submitting >= 120


async def test_an_answer_is_read_up_to_its_limit_and_not_a_byte_further() -> None:
    full = gzip.compress(b" " * MAX_BODY)
    async with (
        listening(answering(http(200, full, content_encoding="gzip"))) as server,
        Http(server.url, {}) as client,
    ):
        assert len((await client.get("calls")).content) == MAX_BODY


async def test_what_is_too_long_is_not_waited_for() -> None:
    async def begin_without_end(connection: Connection) -> None:
        await connection.request()
        await connection.say(http(200, b" " * (MAX_BODY + 1), content_length=str(2 * MAX_BODY)))
        await connection.rest()

    async with (
        listening(begin_without_end) as server,
        Http(server.url, {}, read_deadline=20 * SECOND) as client,
    ):
        with pytest.raises(Unreadable, match="too long"):
            await client.get("calls")
        await server.connections[0].ended.wait()


@pytest.mark.parametrize("status", [400, 401, 404, 503])
async def test_the_words_of_a_provider_that_fails_a_read_are_kept(status: int) -> None:
    async with (
        listening(answering(http(status, b"why not"))) as server,
        Http(server.url, {}) as client,
    ):
        with pytest.raises(ProviderError) as raised:
            await client.get("calls")

    assert raised.value.reason == "why not"


async def test_the_words_of_a_provider_are_cut_and_mended() -> None:
    async with (
        listening(answering(http(400, b"\xff" * 3000))) as server,
        Http(server.url, {}) as client,
    ):
        with pytest.raises(Rejected) as raised:
            await client.submit("calls", BODY, Gate(), NO_EFFECT)

    assert raised.value.reason == "\N{REPLACEMENT CHARACTER}" * 2000


async def test_of_an_answer_that_cannot_be_read_the_kind_of_trouble_is_told() -> None:
    async with listening(answering(http(200, b"{"))) as server, Http(server.url, {}) as client:
        answer = await client.get("calls")

    with pytest.raises(Unreadable, match=r"\(\w+Error\)"):
        answer.json(dict[str, str])


DATES = [
    "Sun, 22 Nov 2026 10:00:30 GMT",
    "Sun, 22 Nov 2026 10:00:30 -0000",
    "Sun, 22 Nov 2026 12:00:30 +0200",
]


@pytest.mark.parametrize("until", DATES)
def test_a_date_to_wait_for_is_measured_by_the_clock_of_the_answer(until: str) -> None:
    headers = {"date": "Sun, 22 Nov 2026 10:00:00 GMT", "retry-after": until}

    assert retry_after(headers) == 30 * SECOND
