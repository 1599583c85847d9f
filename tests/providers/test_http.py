import asyncio
import gzip
import pickle
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from campaign.errors import (
    Ambiguous,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Stopped,
    Transient,
    Unauthorized,
    Unreadable,
)
from campaign.patience import MOST_PATIENCE
from providers import http as door
from providers.http import MAX_BODY, Answer, Http
from providers.port import NO_EFFECT
from providers.throttle import Throttle
from tests.providers.gate import Gate
from tests.providers.raw_server import Behaviour, Connection, RawServer, answering, http, listening

BODY = b'{"to":"+13125550101"}'
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def opened(
    behaviour: Behaviour, deadline: timedelta = 30 * SECOND
) -> AsyncGenerator[tuple[Http, RawServer]]:
    async with (
        listening(behaviour) as server,
        Http(server.url, {}, submit_deadline=deadline, read_deadline=deadline) as client,
    ):
        yield client, server


async def submitted(behaviour: Behaviour, deadline: timedelta = 30 * SECOND) -> Answer:
    """Submit once; the fence was asked exactly once, and one request arrived at most."""
    gate = Gate()
    async with opened(behaviour, deadline) as (client, server):
        try:
            return await client.submit("calls", BODY, gate, NO_EFFECT)
        finally:
            assert gate.asked == 1
            assert len(server.connections) == 1
            assert sum(request.count(b"POST") for request in server.requests) <= 1


async def hang_up(connection: Connection) -> None:
    """Accept, and hang up before anything is read."""


async def hang_up_after_the_request(connection: Connection) -> None:
    await connection.request()


async def reset_at_once(connection: Connection) -> None:
    connection.reset()


async def reset_after_the_request(connection: Connection) -> None:
    await connection.request()
    connection.reset()


async def reset_in_the_answer(connection: Connection) -> None:
    await connection.request()
    await connection.say(http(200, b'{"id":"b_1"}')[:-4])
    connection.reset()


async def never_answer(connection: Connection) -> None:
    await connection.request()
    await connection.rest()


async def drip(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        await connection.say(b"1\r\n \r\n")
        await asyncio.sleep(0.005)


async def drip_headers(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 200 OK\r\n")
    for n in range(10_000):
        await connection.say(f"x-{n}: 1\r\n".encode())
        await asyncio.sleep(0.05)


async def answer_without_end(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    while True:
        await connection.say(chunk)


# --- A submit of which nothing was sent


async def test_a_refused_connection_sends_nothing_and_asks_no_fence() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    gate = Gate()
    async with Http(f"http://127.0.0.1:{port}", {}) as client:
        with pytest.raises(NotSent):
            await client.submit("calls", BODY, gate, NO_EFFECT)

    assert gate.asked == 0


async def test_a_name_that_nobody_knows_sends_nothing_and_asks_no_fence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_said: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    gate = Gate()
    async with Http("http://api.example", {}) as client:
        with pytest.raises(NotSent, match="ConnectError"):
            await client.submit("calls", BODY, gate, NO_EFFECT)

    assert gate.asked == 0


@pytest.mark.parametrize("first", ["ConnectTimeout", "TimeoutError"])
async def test_a_host_that_does_not_answer_the_knock_sends_nothing_and_asks_no_fence(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon, deadline = httpx.Timeout(120, connect=0.2), 30 * SECOND
    if first == "ConnectTimeout":
        monkeypatch.setattr(door, "_SUBMIT_TIMEOUT", soon)
    else:
        deadline = 0.2 * SECOND
    gate = Gate()
    with deaf() as port:
        async with Http(f"http://127.0.0.1:{port}", {}, submit_deadline=deadline) as client:
            with pytest.raises(NotSent, match=first):
                await client.submit("calls", BODY, gate, NO_EFFECT)

    assert gate.asked == 0


@contextmanager
def deaf() -> Generator[int]:
    """A port whose queue is full: whoever knocks hears nothing."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(2):
            guest = stack.enter_context(socket.socket())
            guest.setblocking(False)
            guest.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize("stop", [Stopped("paused"), ConnectionError("the ledger is away")])
async def test_a_fence_that_raises_lets_no_byte_arrive(stop: Exception) -> None:
    async def listen(connection: Connection) -> None:
        await connection.rest()

    gate = Gate(stop)
    async with opened(listen) as (client, server):
        with pytest.raises(type(stop) if isinstance(stop, Stopped) else NotSent):
            await client.submit("calls", BODY, gate, NO_EFFECT)
        await server.connections[0].ended.wait()

        assert gate.asked == 1
        assert server.requests == []


async def test_the_fence_is_asked_once_when_the_connection_stands_and_no_byte_has_left() -> None:
    seen: list[tuple[int, list[bytes]]] = []

    async with opened(answering(http(200))) as (client, server):

        async def fence() -> None:
            await server.accepted.wait()
            seen.append((len(server.connections), server.requests))

        await client.submit("calls", BODY, fence, NO_EFFECT)

    assert seen == [(1, [])]


async def test_a_deadline_that_passes_in_the_fence_sends_nothing() -> None:
    async def fence() -> None:
        await asyncio.Event().wait()

    async with opened(never_answer, deadline=0.1 * SECOND) as (client, server):
        with pytest.raises(NotSent):
            await client.submit("calls", BODY, fence, NO_EFFECT)
        await server.connections[0].ended.wait()

        assert server.requests == []


async def test_a_tls_handshake_that_fails_sends_nothing_and_asks_no_fence() -> None:
    async def speak_plainly(connection: Connection) -> None:
        await connection.say(http(200))
        await connection.rest()

    gate = Gate()
    async with listening(speak_plainly) as server:
        async with Http(f"https://127.0.0.1:{server.port}", {}) as client:
            with pytest.raises(NotSent):
                await client.submit("calls", BODY, gate, NO_EFFECT)
        await server.connections[0].ended.wait()

        assert gate.asked == 0
        assert b"POST" not in b"".join(server.requests)


@pytest.mark.parametrize("status", [403, 407, 502, 503])
async def test_a_proxy_that_refuses_to_connect_sends_nothing_and_asks_no_fence(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with listening(answering(http(status))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with Http("https://api.example", {}) as client:
            with pytest.raises(NotSent):
                await client.submit("calls", BODY, gate, NO_EFFECT)

        assert proxy.requests[0].startswith(b"CONNECT api.example:443")
        assert gate.asked == 0


# --- A submit that may have been done


@pytest.mark.parametrize(
    "behaviour",
    [
        hang_up,
        hang_up_after_the_request,
        reset_at_once,
        reset_after_the_request,
        reset_in_the_answer,
        answering(http(200, b'{"id":"b_1"}', content_length="100")),
        answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"),
        answering(http(200, b"no gzip at all", content_encoding="gzip")),
        answering(b"SMTP 220 hello\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
        answering(http(400, b"{}", content_length="100")),
        answer_without_end,
    ],
)
async def test_a_submit_whose_answer_is_cut_or_garbled_is_a_doubt(behaviour: Behaviour) -> None:
    with pytest.raises(Ambiguous):
        await submitted(behaviour)


@pytest.mark.parametrize("behaviour", [never_answer, drip, drip_headers])
async def test_a_submit_is_a_doubt_when_the_whole_answer_is_not_there_by_the_deadline(
    behaviour: Behaviour,
) -> None:
    with pytest.raises(Ambiguous):
        await submitted(behaviour, deadline=0.3 * SECOND)


@pytest.mark.parametrize(
    "status", [300, 301, 302, 303, 304, 307, 308, 408, 409, 418, 425, 500, 501, 502, 503, 504, 599]
)
async def test_a_status_that_is_neither_yes_nor_no_is_a_doubt(status: int) -> None:
    with pytest.raises(Ambiguous) as raised:
        await submitted(answering(http(status, b"" if status == 304 else b"{}")))

    assert raised.value.status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with opened(answering(http(status, location="/elsewhere"))) as (client, server):
        with pytest.raises(Ambiguous):
            await client.submit("calls", BODY, Gate(), NO_EFFECT)
        with pytest.raises(Unreadable):
            await client.get("calls")

        assert [request.split()[1] for request in server.requests] == [b"/calls", b"/calls"]


async def test_a_submit_that_is_cancelled_while_it_waits_was_sent_once_and_stays_cancelled() -> (
    None
):
    asked = asyncio.Event()

    async def wait(connection: Connection) -> None:
        await connection.request()
        asked.set()
        await connection.rest()

    gate = Gate()
    async with opened(wait) as (client, server):
        task = asyncio.create_task(client.submit("calls", BODY, gate, NO_EFFECT))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.connections[0].ended.wait()

        assert gate.asked == 1
        assert [request.count(b"POST") for request in server.requests] == [1]


# --- A clear yes or no


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_a_2xx_is_an_answer(status: int) -> None:
    body = b"" if status == 204 else b'{"id":"b_1"}'

    answer = await submitted(answering(http(status, body, x_request_id="r_1")))

    assert (answer.status, answer.content, answer.request_id) == (status, body, "r_1")


@pytest.mark.parametrize("status", sorted(NO_EFFECT))
async def test_a_refusal_that_comes_before_the_act_is_a_clear_no(status: int) -> None:
    expected = Unauthorized if status in {401, 402, 403} else Rejected
    with pytest.raises(expected) as raised:
        await submitted(answering(http(status, b'{"message":"+13125550101 is no number"}')))

    assert type(raised.value) is expected
    assert "+13125550101" in raised.value.reason
    assert "+13125550101" not in str(raised.value)


async def test_a_refusal_that_the_provider_does_not_make_before_it_acts_is_a_doubt() -> None:
    async with opened(answering(http(400))) as (client, _):
        with pytest.raises(Ambiguous):
            await client.submit("calls", BODY, Gate(), NO_EFFECT - {400})


async def test_the_body_arrives_byte_for_byte_with_the_accounts_key() -> None:
    async with (
        listening(answering(http(200))) as server,
        Http(f"{server.url}/api", {"Authorization": "Bearer k"}) as client,
    ):
        await client.submit("calls", BODY, Gate(), NO_EFFECT)

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == BODY
        assert head.startswith(b"POST /api/calls HTTP/1.1")
        assert b"authorization: bearer k" in head.lower()
        assert b"content-type: application/json" in head.lower()


@pytest.mark.parametrize(
    "text, expected",
    [
        (None, None),
        ("", None),
        ("0", timedelta(0)),
        ("2", 2 * SECOND),
        (" 7 ", 7 * SECOND),
        ("1000000000", MOST_PATIENCE),
        ("9" * 400, MOST_PATIENCE),
        ("-5", None),
        ("2.5", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_PATIENCE),
        ("Sun, 99 Nov 2026 08:49:37 GMT", None),
    ],
)
async def test_a_429_tells_how_long_to_wait_as_far_as_it_makes_sense(
    text: str | None, expected: timedelta | None
) -> None:
    headers: dict[str, str] = {} if text is None else {"retry_after": text}
    with pytest.raises(RateLimited) as raised:
        await submitted(answering(http(429, b"{}", **headers)))

    assert raised.value.retry_after == expected


async def test_a_429_with_a_date_is_a_wait_until_then() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + 60 * SECOND, usegmt=True)
    with pytest.raises(RateLimited) as raised:
        await submitted(answering(http(429, retry_after=in_a_minute)))

    assert raised.value.retry_after is not None
    assert 50 * SECOND < raised.value.retry_after <= 60 * SECOND


@pytest.mark.parametrize(
    "body, capacity",
    [(b'{"message":"Concurrency limit reached"}', True), (b'{"message":"slow down"}', False)],
)
async def test_a_429_tells_lines_that_are_taken_from_requests_that_are_too_many(
    body: bytes, capacity: bool
) -> None:
    with pytest.raises(RateLimited) as raised:
        await submitted(answering(http(429, body)))

    assert raised.value.capacity is capacity


# --- Reading the yes


@pytest.mark.parametrize("body", [b"", b"{", b"<html></html>", b"[" * 100_000, b'["b_1"]', b"null"])
async def test_a_yes_that_cannot_be_read_is_a_doubt_and_a_page_that_cannot_is_unreadable(
    body: bytes,
) -> None:
    answer = await submitted(answering(http(200, body)))

    with pytest.raises(Ambiguous):
        answer.proof(dict[str, str])
    with pytest.raises(Unreadable):
        answer.json(dict[str, str])


async def test_half_an_emoji_and_a_byte_order_mark_do_not_spoil_an_answer() -> None:
    answer = await submitted(answering(http(200, b'\xef\xbb\xbf{"id":"b_1","said":"\\ud83d"}')))

    assert answer.proof(dict[str, str]) == {"id": "b_1", "said": "?"}


# --- The key stays with its provider

ELSEWHERE = [
    "https://storage.example/recording.wav",
    "HTTP://storage.example/recording.wav",
    " https://storage.example/recording.wav",
    "//storage.example/recording.wav",
    "\\\\storage.example\\recording.wav",
    "/\\storage.example/recording.wav",
    "http:recording.wav",
    "file:///etc/hostname",
]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_a_url_in_the_place_of_a_path_is_asked_for_nowhere(url: str) -> None:
    gate = Gate()
    async with opened(answering(http(200))) as (client, server):
        for ask in (
            client.get(url),
            client.act("POST", url, {}),
            client.submit(url, BODY, gate, NO_EFFECT),
        ):
            with pytest.raises(Rejected) as raised:
                await ask

            assert "storage" not in str(raised.value)

        assert gate.asked == 0
        assert server.connections == []


async def test_no_url_of_the_provider_itself_is_asked_for_either() -> None:
    async with opened(answering(http(200))) as (client, server):
        with pytest.raises(Rejected):
            await client.get(f"{server.url}/calls?page=2")

        assert server.connections == []


@pytest.mark.parametrize("path", ["calls/a:b", "/calls/a:b", "calls?next=https://storage.example/"])
async def test_what_only_looks_like_a_url_goes_to_the_provider(path: str) -> None:
    async with opened(answering(http(200))) as (client, server):
        await client.get(path)

        assert len(server.requests) == 1


# --- Connections


async def test_every_submit_has_a_connection_of_its_own_that_ends_with_it() -> None:
    async def keep_alive(connection: Connection) -> None:
        while await connection.request():
            await connection.say(http(200, connection="keep-alive"))

    async with opened(keep_alive) as (client, server):
        for _ in range(2):
            await client.submit("calls", BODY, Gate(), NO_EFFECT)
        for connection in server.connections:
            await connection.ended.wait()

        assert [request.count(b"POST") for request in server.requests] == [1, 1]


async def test_reads_share_a_connection() -> None:
    async def keep_alive(connection: Connection) -> None:
        while await connection.request():
            await connection.say(http(200, connection="keep-alive"))

    async with opened(keep_alive) as (client, server):
        for _ in range(2):
            await client.get("calls")

        assert len(server.connections) == 1


# --- Reads and harmless writes


@pytest.mark.parametrize(
    "status, expected",
    [
        (302, Unreadable),
        (400, Rejected),
        (401, Unauthorized),
        (402, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (408, Transient),
        (409, Rejected),
        (422, Rejected),
        (425, Transient),
        (429, RateLimited),
        (500, Transient),
        (503, Transient),
    ],
)
async def test_what_a_read_is_answered_says_what_to_do_next(
    status: int, expected: type[ProviderError]
) -> None:
    async with opened(answering(http(status, b"+13125550101"))) as (client, _):
        with pytest.raises(ProviderError) as raised:
            await client.get("calls")

    assert type(raised.value) is expected
    assert raised.value.status == status
    assert "+13125550101" not in str(raised.value)


@pytest.mark.parametrize(
    "behaviour",
    [hang_up, reset_after_the_request, answering(http(200, b"{", content_length="9"))],
)
async def test_a_read_that_is_cut_may_be_repeated(behaviour: Behaviour) -> None:
    async with opened(behaviour) as (client, _):
        with pytest.raises(Transient):
            await client.get("calls")


@pytest.mark.parametrize("behaviour", [never_answer, drip, drip_headers])
async def test_a_read_that_drips_is_given_up_at_the_deadline(behaviour: Behaviour) -> None:
    async with opened(behaviour, deadline=0.3 * SECOND) as (client, _):
        with pytest.raises(Transient):
            await client.get("calls")


async def test_an_answer_that_swells_when_unpacked_is_not_read_to_its_end() -> None:
    bomb = gzip.compress(b" " * (MAX_BODY + 1))
    async with opened(answering(http(200, bomb, content_encoding="gzip"))) as (client, _):
        with pytest.raises(Unreadable):
            await client.get("calls")


async def test_what_is_asked_of_a_read_is_written_as_providers_read_it() -> None:
    query = {"flag": True, "none": None, "n": 2, "many": ["a", "b"], "number": "+13125550101"}
    async with opened(answering(http(200))) as (client, server):
        await client.get("calls", query)

        line = server.requests[0].split(b"\r\n")[0]
        assert line == b"GET /calls?flag=true&n=2&many=a&many=b&number=%2B13125550101 HTTP/1.1"


async def test_a_write_that_rings_nobody_is_sent_as_json() -> None:
    async with opened(answering(http(200))) as (client, server):
        await client.act("POST", "pause", {"paused": True})

        assert server.requests[0].endswith(b'\r\n\r\n{"paused":true}')


@pytest.mark.parametrize(
    "error", [RateLimited("m", retry_after=SECOND, status=429), Ambiguous("m", status=502)]
)
def test_an_error_survives_its_way_through_another_process(error: ProviderError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(copy), str(copy)) == (type(error), "m")


async def test_an_answer_to_a_submit_that_passed_no_fence_is_a_doubt() -> None:
    """As from a connection that tells nothing of what it sends."""
    gate = Gate()
    silent = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    async with Http("https://example.test", {}, transport=silent) as client:
        with pytest.raises(Ambiguous, match="without passing its fence"):
            await client.submit("calls", BODY, gate, NO_EFFECT)

    assert gate.asked == 0


async def test_the_clock_is_compared_when_an_answer_begins_and_not_when_its_body_has_come() -> None:
    clock = Hands()

    async def slowly() -> AsyncGenerator[bytes]:
        clock.moment += timedelta(minutes=5)
        yield b"{}"

    date = {"date": format_datetime(clock.moment, usegmt=True)}
    drips = httpx.MockTransport(lambda _: httpx.Response(200, headers=date, content=slowly()))
    throttle = Throttle(clock)
    async with Http("https://example.test", {}, transport=drips, throttle=throttle) as client:
        await client.get("calls")

    await throttle.turn(dials=True)


class Hands:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 7, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, length: timedelta) -> None:
        self.moment += length
