"""The walk through a list without pages, against a list that is held to what Vapi documents."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import httpx
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import Unreadable
from providers.http import Http
from providers.vapi.walk import CallFilter, every_call, step

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def stamp(milliseconds: int) -> str:
    at = START + timedelta(milliseconds=milliseconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def calls_at(*milliseconds: int) -> list[dict[str, Any]]:
    return [{"id": f"c{n}", "createdAt": stamp(at)} for n, at in enumerate(milliseconds)]


class CallList(httpx.AsyncBaseTransport):
    """`GET /call`: the newest first, at most `limit`, inclusive upper bound."""

    def __init__(
        self,
        calls: list[dict[str, Any]],
        *,
        newest_first: bool = True,
        bounded: bool = True,
        ties: Random | None = None,
    ) -> None:
        self.calls = calls
        self.newest_first = newest_first
        self.bounded = bounded
        self.ties = ties
        self.asked: list[httpx.QueryParams] = []
        self.arrives: Iterator[dict[str, Any]] = iter(())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        self.asked.append(query)
        upper = query.get("createdAtLe", "9999") if self.bounded else "9999"
        fits = [call for call in self.calls if str(call.get("createdAt", "")) <= upper]
        if self.ties is not None:
            self.ties.shuffle(fits)
        fits.sort(key=lambda call: str(call.get("createdAt", "")), reverse=self.newest_first)
        self.calls.extend([late for late in [next(self.arrives, None)] if late])
        return httpx.Response(200, json=fits[: int(query["limit"])])


async def walked(calls: CallList, limit: int) -> list[str]:
    async with Http("http://vapi.test", {}, transport=calls) as http:
        rows = every_call(http, CallFilter(limit=limit))
        return [json.loads(bytes(row))["id"] async for row in rows]


@given(
    times=st.lists(st.integers(min_value=0, max_value=12), max_size=60),
    limit=st.integers(min_value=1, max_value=7),
)
async def test_every_call_is_seen_once_however_many_share_a_millisecond(
    times: list[int], limit: int
) -> None:
    calls = calls_at(*times)

    seen = await walked(CallList(calls), limit)

    assert sorted(seen) == sorted(call["id"] for call in calls)


@given(
    times=st.lists(st.integers(min_value=0, max_value=4), max_size=40),
    limit=st.integers(min_value=1, max_value=7),
    ties=st.randoms(use_true_random=False),
)
async def test_calls_of_one_millisecond_may_be_listed_in_any_order(
    times: list[int], limit: int, ties: Random
) -> None:
    calls = calls_at(*times)

    seen = await walked(CallList(calls, ties=ties), limit)

    assert sorted(seen) == sorted(call["id"] for call in calls)


async def test_a_list_that_ignores_our_place_is_an_error_and_no_circle() -> None:
    with pytest.raises(Unreadable, match="ignores our place"):
        await walked(CallList(calls_at(1, 2, 3, 4), bounded=False), 2)


async def test_calls_that_come_in_during_the_walk_do_not_disturb_it() -> None:
    calls = CallList(calls_at(*range(20)))
    calls.arrives = iter([{"id": f"late{n}", "createdAt": stamp(1000 + n)} for n in range(50)])

    seen = await walked(calls, 3)

    assert [name for name in seen if not name.startswith("late")] == [
        f"c{n}" for n in range(19, -1, -1)
    ]
    assert len(seen) == len(set(seen))


async def test_the_bound_is_the_time_as_it_was_received_that_time_included() -> None:
    calls = CallList(calls_at(1, 2, 3))

    await walked(calls, 2)

    assert [query.get("createdAtLe") for query in calls.asked] == [None, stamp(2), stamp(1)]


async def test_more_calls_in_a_millisecond_than_a_list_holds_are_an_error_and_no_loss() -> None:
    with pytest.raises(Unreadable, match="millisecond"):
        await walked(CallList(calls_at(*[5] * 1001)), 400)


async def test_a_crowded_millisecond_is_asked_for_in_larger_parts() -> None:
    calls = CallList(calls_at(*[5] * 300))

    assert len(await walked(calls, 100)) == 300
    assert [int(query["limit"]) for query in calls.asked] == [100, 100, 200, 200, 400]


async def test_another_order_than_the_known_one_is_an_error_and_no_loss() -> None:
    with pytest.raises(Unreadable, match="newest"):
        await walked(CallList(calls_at(1, 2, 3), newest_first=False), 2)


async def test_a_row_without_a_time_does_not_stop_the_walk() -> None:
    calls = [*calls_at(5, 5, 4, 3, 2, 1), {"id": "broken", "createdAt": stamp(3) + "?"}]

    assert sorted(await walked(CallList(calls), 3)) == sorted(call["id"] for call in calls)


async def test_a_full_list_without_any_time_is_an_error_and_no_loss() -> None:
    with pytest.raises(Unreadable, match="no way to go on"):
        await walked(CallList([{"id": "a"}, {"id": "b"}]), 2)


async def test_the_cursor_holds_all_that_is_needed_to_go_on_in_another_process() -> None:
    calls = CallList(calls_at(*[7] * 4, 6, 5))
    seen: list[str] = []
    cursors: list[str] = []
    cursor: str | None = None
    while True:
        async with Http("http://vapi.test", {}, transport=calls) as http:
            rows, cursor = await step(http, CallFilter(limit=3), cursor)
        seen += [json.loads(bytes(row))["id"] for row in rows]
        if cursor is None:
            break
        cursors.append(cursor)

    assert sorted(seen) == [f"c{n}" for n in range(6)]
    assert all(one != other for one, other in pairwise(cursors))
    assert len(cursors) == len(set(cursors))


async def test_a_cursor_that_is_not_ours_is_refused() -> None:
    async with Http("http://vapi.test", {}, transport=CallList([])) as http:
        with pytest.raises(Unreadable):
            await step(http, CallFilter(), '{"page": 2')


def test_every_filter_of_the_list_can_be_said() -> None:
    moment = datetime(2026, 11, 2, 9, 5, 0, 123_000, tzinfo=UTC)
    bounds = {f"{what}_at_{how}": moment for what in ("created", "updated") for how in BOUNDS}

    said = CallFilter.model_validate(
        {"id": "c1", "assistant_id": "a1", "phone_number_id": "p1", "limit": 250, **bounds}
    ).query

    assert said == {
        "id": "c1",
        "assistantId": "a1",
        "phoneNumberId": "p1",
        "limit": 250,
        **{
            f"{what}At{how.capitalize()}": "2026-11-02T09:05:00.123000Z"
            for what in ("created", "updated")
            for how in BOUNDS
        },
    }


BOUNDS = ("gt", "lt", "ge", "le")


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 1001}, {"created_at_ge": "2026-11-02T09:05:00"}, {"page": 2}]
)
def test_a_filter_that_the_list_does_not_know_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        CallFilter.model_validate(wrong)
