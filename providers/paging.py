"""Cursors, which outlive a process in the ledger, and a guard against pages in circles."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from campaign.errors import Unreadable

_Place = TypeVar("_Place", bound=msgspec.Struct)


class _Named(msgspec.Struct):
    id: str = ""


def identity(row: msgspec.Raw) -> str:
    """The row's `id`, or a fingerprint of a row that has none."""
    try:
        named = msgspec.json.decode(row, type=_Named).id
    except (ValueError, RecursionError):
        named = ""
    return named or "sha256:" + hashlib.sha256(bytes(row)).hexdigest()[:16]


def refuse_repeat(previous_first: str, rows: Sequence[msgspec.Raw]) -> str:
    """Return the first row's identity, for the next cursor.

    Raises `Unreadable` if the page before began with it.
    """
    first = identity(rows[0]) if rows else ""
    if first and first == previous_first:
        raise Unreadable("the provider gave the same page again: it ignores our place in the list")
    return first


def resume(cursor: str | None, start: _Place) -> _Place:
    """Read the place that a cursor holds; `start` if there is none. Raises `Unreadable`."""
    if cursor is None:
        return start
    try:
        return msgspec.json.decode(cursor, type=type(start))
    except ValueError:
        raise Unreadable("the cursor is not one of ours: begin the sweep again") from None


def as_cursor(place: msgspec.Struct) -> str:
    """Return the place as the text of a cursor."""
    return msgspec.json.encode(place).decode()
