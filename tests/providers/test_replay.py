"""The contract is worth what its replay refuses."""

from typing import Any

import httpx
import msgspec
import pytest

from providers.http import Http, Query
from providers.port import NO_EFFECT
from tests.providers.replay import Pair, Replay

ASKED: dict[str, Any] = {
    "method": "GET",
    "path": "/api/calls",
    "query": {"limit": "2", "state": ["a", "b"]},
}
POSTED: dict[str, Any] = {"method": "POST", "path": "/calls", "json": {"id": 1}}
QUERY: Query = {"limit": 2, "state": ["a", "b"]}
HEADERS = {"authorization": "Bearer test-key"}


def pair(request: dict[str, Any]) -> Pair:
    recorded: dict[str, Any] = {"request": request, "response": {"status": 200, "json": {}}}
    return msgspec.json.decode(msgspec.json.encode(recorded), type=Pair)


async def asked(
    recorded: int = 1,
    times: int = 1,
    path: str = "calls",
    query: Query | None = QUERY,
    headers: dict[str, str] = HEADERS,
) -> None:
    """Ask some times what is recorded some times."""
    with Replay([pair(ASKED)] * recorded, HEADERS) as replay:
        async with Http("https://api.example/api", headers, transport=replay) as client:
            for _ in range(times):
                await client.get(path, query)


async def posted(recorded: dict[str, Any]) -> list[list[httpx.Request]]:
    """Submit, and return what counted as sent when the fence was asked, and at the end."""
    sent: list[list[httpx.Request]] = []
    with Replay([pair(recorded)]) as replay:

        async def fence() -> None:
            sent.append(list(replay.sent))

        async with Http("https://api.example", {}, transport=replay) as client:
            await client.submit("calls", b'{"id":1}', fence, NO_EFFECT)
    return [*sent, replay.sent]


async def test_what_is_recorded_is_answered_byte_for_byte() -> None:
    raw = b'{"request":{"method":"GET","path":"/x"},"response":{"status":200,"json":{"a": 1.10}}}'
    with Replay([msgspec.json.decode(raw, type=Pair)]) as replay:
        async with Http("https://api.example", {}, transport=replay) as client:
            assert (await client.get("x")).content == b'{"a": 1.10}'


@pytest.mark.parametrize("path", ["call", "calls/", "calls/1"])
async def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(AssertionError, match="as recorded"):
        await asked(path=path)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 3, "state": ["a", "b"]},
        {"limit": 2, "state": ["b", "a"]},
        {"limit": 2, "state": ["a", "b"], "extra": "1"},
        {"limit": 2},
        None,
    ],
)
async def test_another_query_is_refused(query: Query | None) -> None:
    with pytest.raises(AssertionError, match="as recorded"):
        await asked(query=query)


async def test_another_key_is_refused() -> None:
    with pytest.raises(AssertionError, match="as recorded"):
        await asked(headers={"authorization": "test-key"})


async def test_a_request_too_many_is_refused() -> None:
    with pytest.raises(AssertionError, match="not recorded: GET"):
        await asked(recorded=1, times=2)


async def test_a_recording_that_is_never_asked_for_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="never asked: GET /api/calls"):
        await asked(recorded=2, times=1)


@pytest.mark.parametrize("body", [{"id": 2}, {"id": 1, "more": None}, [1], None])
async def test_another_body_is_refused_though_a_submit_turns_any_error_into_a_doubt(
    body: object,
) -> None:
    with pytest.raises(AssertionError, match="as recorded"):
        await posted({**POSTED, "json": body})


async def test_the_fence_is_asked_before_the_request_counts_as_sent() -> None:
    at_the_fence, at_the_end = await posted(POSTED)

    assert (len(at_the_fence), len(at_the_end)) == (0, 1)
