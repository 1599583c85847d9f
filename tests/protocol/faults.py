"""The catalogue of what can go wrong, by what a request is for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulator.dialect import RouteClass
from simulator.faults.body import ContentType, Garble, LoseIds, Odd, OddText, WrongTypes
from simulator.faults.connection import Close, CloseAfter, Truncate
from simulator.faults.mishaps import Drop, Redial, Stick, Strange
from simulator.faults.paging import (
    CursorExpired,
    CursorIgnored,
    CursorLoops,
    DropRows,
    DuplicateRows,
    EmptyPage,
    LimitIgnored,
    MovingRows,
    RowsWithoutId,
    ShuffleRows,
    WrongTotal,
)
from simulator.faults.rules import AnyFault, Rule
from simulator.faults.status import DateHeader, RetryAfter, Status
from simulator.faults.timing import Drip, Hang, LateEffect, Latency, ListingLag, StaleRead

QUICK = timedelta(seconds=0.25)
"""How long an answer is waited for where the simulator never gives one."""
USUAL = timedelta(seconds=10)

# What a server does before it acts. To say one of these after acting would be a lie.
REFUSALS = (400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 431)
UNCLEAR = (301, 302, 307, 308, 408, 409, 425, 500, 502, 503, 504)
RETRY_AFTER: Sequence[RetryAfter] = ("none", "seconds", "zero", "date", "past", "huge", "garbage")

ODD_TEXTS: Sequence[Odd] = ("surrogate", "nul", "separators", "rtl", "emoji", "formula")

ELSEWHERE = "http://127.0.0.1:9/elsewhere"
"""Where redirects lead: nobody listens there, and the tests' network guard sees who tries."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing that goes wrong, and where."""

    name: str
    rules: Sequence[Rule]
    patience: timedelta = USUAL

    def __str__(self) -> str:
        return self.name


def scenarios(api: str) -> Mapping[str, Scenario]:
    """Everything that can go wrong with one provider's API, by name."""
    found = [
        *_on_writes("submit"),
        *(_on_writes("start") if api == "vogent" else ()),
        *(_on_looking_up("list") if api in _LISTS else ()),
        *(_on_looking_up("page") if api != "vogent" else ()),
        *(_on_reads("status") if api in _LISTS else ()),
        *_on_reads("page"),
        *_on_pages(),
        *(_on_reads("detail") if api in _DETAILS else ()),
        *_with_single_calls(),
    ]
    return {scenario.name: scenario for scenario in found}


_LISTS = {"vogent", "bland", "bland-v1", "vapi"}
_DETAILS = {"bland", "bland-v1", "happyrobot", "vapi"}
_TWICE: dict[str, Any] = {"count": 2}
_OFTEN: dict[str, Any] = {"probability": 0.5, "count": 6}
_LOST = Rule(name="close", routes=["submit"], count=1, fault=Close(when="after"))


def _on_writes(route: RouteClass) -> Iterator[Scenario]:
    """Submits and starts: nobody may be dialled twice, and what was done must be found."""
    for name, fault in _write_faults():
        waits = isinstance(fault, Hang)
        yield Scenario(
            name=f"{route}: {name}",
            rules=[Rule(routes=[route], fault=fault, **_TWICE)],
            patience=QUICK if waits else USUAL,
        )


def _write_faults() -> Iterator[tuple[str, AnyFault]]:
    for status in REFUSALS:
        yield f"{status}", Status(status=status)
    for status in UNCLEAR:
        where = ELSEWHERE if status < 400 else ""
        yield f"{status} before", Status(status=status, location=where, body="html")
        yield f"{status} after", Status(status=status, location=where, when="after")
    for how in RETRY_AFTER:
        yield f"429, retry after {how}", Status(status=429, retry_after=how)
    yield "echo of the request", Status(status=422, body="echo")
    yield "empty yes", Status(status=200, when="after", body="empty")
    yield "207 with the whole answer", Status(status=207, when="after", body="answer")
    yield from _broken_wires()
    yield "effect after the client left", LateEffect(seconds=30)
    yield "effect after an hour", LateEffect(seconds=4000)
    yield "effect after a 503", LateEffect(seconds=60, status=503)
    yield "yes without id", LoseIds()
    yield "yes with null for an id", LoseIds(null=True)
    yield from _broken_bodies()


def _broken_wires() -> Iterator[tuple[str, AnyFault]]:
    for reset in (False, True):
        how = "reset" if reset else "close"
        yield f"{how} before", Close(when="before", reset=reset)
        yield f"{how} after", Close(when="after", reset=reset)
    yield "half an answer", Truncate(framing="length")
    yield "last chunk missing", Truncate(framing="chunked")
    yield "cut within the headers", Truncate(framing="headers")
    yield "closed behind a kept connection", CloseAfter()
    yield "silence before", Hang(when="before")
    yield "silence after", Hang(when="after")
    yield "slow", Latency(seconds=0.05)
    yield "slow answer", Latency(when="after", seconds=0.05)
    yield "drip", Drip(seconds=0.1, pieces=5)
    yield "clock ahead", DateHeader(seconds=30)
    yield "no date", DateHeader(missing=True)


def _broken_bodies() -> Iterator[tuple[str, AnyFault]]:
    yield "not JSON", Garble(how="malformed")
    yield "nothing at all", Garble(how="empty")
    yield "byte order mark", Garble(how="bom")
    yield "NaN", Garble(how="nan")
    yield "big integer", Garble(how="big_int")
    yield "too deep", Garble(how="deep")
    yield "every field twice", Garble(how="duplicate_keys")
    yield "bad gzip", Garble(how="bad_gzip")
    yield "gzip bomb", Garble(how="gzip_bomb", megabytes=33)  # One more than we take.
    yield "huge", Garble(how="huge", megabytes=33)
    yield "calls itself HTML", ContentType()


def _on_looking_up(route: RouteClass) -> Iterator[Scenario]:
    """A lost answer to a submit, and a look-up in trouble."""
    for name, fault in [*_lookup_faults(), *_paging_faults()]:
        yield Scenario(
            name=f"lost submit, {route}: {name}",
            rules=[_LOST, Rule(routes=[route], fault=fault, **_OFTEN)],
            patience=QUICK if isinstance(fault, Hang) else USUAL,
        )


def _lookup_faults() -> Iterator[tuple[str, AnyFault]]:
    for status in (400, 401, 404, 503):
        yield f"{status}", Status(status=status)
    yield "429", Status(status=429, retry_after="seconds", retry_after_seconds=60)
    yield "reset", Close(when="after", reset=True)
    yield "silence", Hang()
    yield "half an answer", Truncate()
    yield "not JSON", Garble(how="malformed")
    yield "lag", ListingLag(seconds=45)
    yield "lag of an hour", ListingLag(seconds=4000)


def _on_reads(route: RouteClass) -> Iterator[Scenario]:
    for name, fault in _read_faults():
        yield Scenario(
            name=f"{route}: {name}",
            rules=[Rule(routes=[route], fault=fault, **_OFTEN)],
            patience=QUICK if isinstance(fault, Hang) else USUAL,
        )


def _read_faults() -> Iterator[tuple[str, AnyFault]]:
    for status in (400, 401, 403, 404, 408, 409, 422, 425, 500, 502, 503, 504):
        yield f"{status}", Status(status=status)
    for status in (302, 307):
        yield f"{status}", Status(status=status, location=ELSEWHERE)
    for how in RETRY_AFTER:
        yield f"429, retry after {how}", Status(status=429, retry_after=how)
    yield from _broken_wires()
    yield from _broken_bodies()
    yield "numbers as text", WrongTypes()
    yield "the past", StaleRead(seconds=60)


def _on_pages() -> Iterator[Scenario]:
    for name, fault in [*_paging_faults(), ("lag", ListingLag(seconds=60))]:
        yield Scenario(name=f"page: {name}", rules=[Rule(routes=["page"], fault=fault, **_OFTEN)])


def _paging_faults() -> Iterator[tuple[str, AnyFault]]:
    yield "rows twice", DuplicateRows(of="this_page")
    yield "rows of the page before", DuplicateRows(of="page_before")
    yield "rows missing", DropRows(share=0.5)
    yield "out of order", ShuffleRows()
    yield "empty page", EmptyPage()
    yield "rows that move on", MovingRows()
    yield "row without id", RowsWithoutId()
    yield "row with null for an id", RowsWithoutId(null=True)
    yield "cursor expired", CursorExpired()
    yield "cursor ignored", CursorIgnored()
    yield "cursor in circles", CursorLoops()
    yield "limit ignored", LimitIgnored(limit=2)
    yield "wrong total", WrongTotal(by=-2)
    yield "total too high", WrongTotal(by=3)
    yield "another total each time", WrongTotal(by=-3, up_to=3)
    for odd in ODD_TEXTS:
        yield f"text with {odd}", OddText(what=odd)


def _with_single_calls() -> Iterator[Scenario]:
    mishaps: Mapping[str, AnyFault] = {
        "lost by the provider": Drop(),
        "dialled again by the provider": Redial(),
        "never ends": Stick(),
        "ends with an unknown word": Strange(),
    }
    for name, mishap in mishaps.items():
        yield Scenario(name=f"call {name}", rules=[Rule(fault=mishap, **_TWICE)])
