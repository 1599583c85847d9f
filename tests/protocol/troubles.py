"""Each thing that can go wrong with one request, by its name in the catalogue."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from simulator.faults.body import ContentType, Garble, LoseIds, Odd, OddText, WrongTypes
from simulator.faults.connection import Close, CloseAfter, Truncate
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
from simulator.faults.rules import AnyFault
from simulator.faults.status import DateHeader, RetryAfter, Status
from simulator.faults.timing import Drip, Hang, LateEffect, Latency, ListingLag, StaleRead

# What a server does before it acts. To say one of these after acting would be a lie.
REFUSALS = (400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 431)
UNCLEAR = (301, 302, 307, 308, 408, 409, 425, 500, 502, 503, 504)
RETRY_AFTER: Sequence[RetryAfter] = ("none", "seconds", "zero", "date", "past", "huge", "garbage")
ODD_TEXTS: Sequence[Odd] = ("surrogate", "nul", "separators", "rtl", "emoji", "formula")

ELSEWHERE = "http://127.0.0.1:9/elsewhere"
"""Where redirects lead: nobody listens there, and the tests' network guard sees who tries."""

Troubles: TypeAlias = Iterator[tuple[str, AnyFault]]


def of_writes() -> Troubles:
    """Submits and starts: nobody may be dialled twice, and what was done must be found."""
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
    yield "an error under 200 before", Status(status=200)
    yield "an error under 200 after", Status(status=200, when="after")
    yield "207 with the whole answer", Status(status=207, when="after", body="answer")
    yield from _of_wires()
    yield "effect after the client left", LateEffect(seconds=30)
    yield "effect after an hour", LateEffect(seconds=4000)
    yield "effect after a 503", LateEffect(seconds=60, status=503)
    yield from _of_bodies()


def of_ids() -> Troubles:
    """Submits that are answered with an id."""
    yield "yes without id", LoseIds()
    yield "yes with null for an id", LoseIds(null=True)


def of_verdicts() -> Troubles:
    """Submits that are answered for each person."""
    yield "no word about some", DropRows(share=0.7)
    yield "no word about anybody", EmptyPage()
    yield "somebody without id", RowsWithoutId()


def of_lookups() -> Troubles:
    """Looks for a submission of which nobody knows what became."""
    for status in (400, 401, 404, 503):
        yield f"{status}", Status(status=status)
    yield "429", Status(status=429, retry_after="seconds", retry_after_seconds=60)
    yield "an error under 200", Status(status=200)
    yield "reset", Close(when="after", reset=True)
    yield "silence", Hang()
    yield "half an answer", Truncate()
    yield "not JSON", Garble(how="malformed")
    yield "lag", ListingLag(seconds=45)
    yield "lag of an hour", ListingLag(seconds=4000)


def of_reads() -> Troubles:
    """Any read."""
    for status in (400, 401, 403, 404, 408, 409, 422, 425, 500, 502, 503, 504):
        yield f"{status}", Status(status=status)
    for status in (302, 307):
        yield f"{status}", Status(status=status, location=ELSEWHERE)
    for how in RETRY_AFTER:
        yield f"429, retry after {how}", Status(status=429, retry_after=how)
    yield "an error under 200", Status(status=200)
    yield from _of_wires()
    yield from _of_bodies()
    yield "numbers as text", WrongTypes()


def of_moments() -> Troubles:
    """Reads of what changes while calls go on."""
    yield "the past", StaleRead(seconds=60)


def of_rows() -> Troubles:
    """Answers with rows."""
    yield "rows twice", DuplicateRows(of="this_page")
    yield "rows of the page before", DuplicateRows(of="page_before")
    yield "rows missing", DropRows(share=0.5)
    yield "out of order", ShuffleRows()
    yield "empty page", EmptyPage()
    yield "rows that move on", MovingRows()
    yield "row without id", RowsWithoutId()
    yield "row with null for an id", RowsWithoutId(null=True)


def of_places() -> Troubles:
    """Lists that are told where to begin, be it at the beginning."""
    yield "cursor expired", CursorExpired()


def of_later_pages() -> Troubles:
    """Lists that come in pages, of which there must be more than one."""
    yield "cursor ignored", CursorIgnored()


def of_given_cursors() -> Troubles:
    """Lists whose answers say where the next page begins."""
    yield "cursor in circles", CursorLoops()


def of_limits() -> Troubles:
    """Lists whose pages are as long as they are asked to be."""
    yield "limit ignored", LimitIgnored(limit=2)


def of_totals() -> Troubles:
    """Lists that say how many rows there are."""
    yield "wrong total", WrongTotal(by=-2)
    yield "total too high", WrongTotal(by=3)
    yield "another total each time", WrongTotal(by=-3, up_to=3)


def of_new_rows() -> Troubles:
    """Lists of what has only just come into being."""
    yield "lag", ListingLag(seconds=60)


def of_texts() -> Troubles:
    """Answers in which it is written what somebody said."""
    for odd in ODD_TEXTS:
        yield f"text with {odd}", OddText(what=odd)


def _of_wires() -> Troubles:
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
    yield "dripping headers", Drip(seconds=0.1, pieces=5, part="headers")
    yield "clock ahead", DateHeader(seconds=30)
    yield "no date", DateHeader(missing=True)


def _of_bodies() -> Troubles:
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
