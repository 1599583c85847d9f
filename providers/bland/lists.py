"""Bland's answers and lists: two reply styles, places counted from 0, totals that drift."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import msgspec

from campaign.calls import BatchRef
from campaign.errors import NotFound, Rejected, Unauthorized, Unreadable
from providers.http import Answer, Http, Query
from providers.mending import decode
from providers.paging import identity

_T = TypeVar("_T")

PAGE_LIMIT = 200
"""Rows on a page; 1000 is the most."""


_NULL = msgspec.Raw(b"null")


class Place(msgspec.Struct, frozen=True):
    """Where a page begins, and which row the page before began with."""

    start: int = 0
    previous_first: str = ""


class _Wrapped(msgspec.Struct):
    data: msgspec.Raw = _NULL
    errors: Any = None


class _Flat(msgspec.Struct):
    status: Any = None
    errors: Any = None


class _Id(msgspec.Struct):
    call_id: str | None = None
    c_id: str | None = None
    batch_id: str | None = None


def unwrapped(answer: Answer, into: Any) -> Any:
    """Return what is in `data`. An answer may hold errors with any status; raises `Unreadable`."""
    wrapped: _Wrapped = answer.json(_Wrapped)
    if wrapped.errors:
        _raise(answer, wrapped.errors)
    try:
        return decode(bytes(wrapped.data), into)
    except (ValueError, RecursionError) as error:
        what = type(error).__name__
        raise Unreadable(f"the data are not the ones we know ({what})") from None


def done(answer: Answer) -> None:
    """Raise `Rejected` if a write was answered with an error in a 2xx."""
    flat: _Flat = answer.json(_Flat) if answer.content.strip() else _Flat()
    if flat.errors or flat.status == "error":
        reason = answer.content[:2000].decode(errors="replace")
        raise Rejected("the provider refused", status=answer.status, reason=reason)


async def read(
    http: Http, path: str, field: str, filters: Query, place: Place
) -> tuple[list[msgspec.Raw], int | None, Place | None]:
    """Return the rows of one page, the total if it is told, and the next place.

    An empty page is the last, and so is a short one, unless the total speaks of more. Raises
    `Unreadable` if a page begins like the one before: then our place in the list is ignored.
    """
    end = place.start + PAGE_LIMIT
    window = {"from": place.start, "to": end, "limit": PAGE_LIMIT, "ascending": True}
    content: Mapping[str, msgspec.Raw] = (await http.get(path, {**filters, **window})).json(
        dict[str, msgspec.Raw]
    )
    rows: list[msgspec.Raw] = _decoded(content, field, list[msgspec.Raw] | None) or []
    total: int | None = _decoded({"total_count": _NULL, **content}, "total_count", int | None)
    first = _identity(rows[0]) if rows else ""
    if rows and first == place.previous_first:
        raise standstill()
    reached = place.start + len(rows)
    last = not rows or (len(rows) < PAGE_LIMIT and reached >= (total or 0))
    return rows, total, None if last else Place(reached, first)


def standstill() -> Unreadable:
    """The error of a list that gives the same rows again and again."""
    return Unreadable("the provider gave the same page again: it ignores our place in the list")


def readable(rows: Iterable[msgspec.Raw], into: type[_T], tag: str = "") -> Iterator[_T]:
    """Decode rows; one that cannot be read is passed over, unless it holds our tag.

    Raises `Unreadable`.
    """
    for row in rows:
        try:
            yield decode(bytes(row), into)
        except (ValueError, RecursionError):
            if tag and tag.encode() in bytes(row):
                raise Unreadable("the row with our tag cannot be read") from None


def id_of(batch: BatchRef) -> str:
    """A batch of ours is one of theirs. Raises `NotFound` while it has none."""
    ids = [s.provider_batch_id for s in batch.submissions if s.provider_batch_id]
    if not ids:
        raise NotFound("the submission has no batch yet")
    return quote(ids[0], safe="")


def _decoded(content: Mapping[str, msgspec.Raw], field: str, into: Any) -> Any:
    try:
        return decode(bytes(content[field]), into)
    except KeyError:
        raise Unreadable(f"the answer has no {field}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{field} is not what we know ({type(error).__name__})") from None


def _identity(row: msgspec.Raw) -> str:
    try:
        ids = decode(bytes(row), _Id)
    except (ValueError, RecursionError):
        return identity(row)
    return ids.call_id or ids.c_id or ids.batch_id or identity(row)


def _raise(answer: Answer, errors: object) -> NoReturn:
    reason = answer.content[:2000].decode(errors="replace")
    if "AUTH_FAILURE" in str(errors):
        raise Unauthorized("the key was refused", status=answer.status, reason=reason)
    raise Unreadable("the answer holds errors", status=answer.status, reason=reason)
