"""Read the rows of a provider's page one by one, so that a bad one never spoils the others."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from campaign.calls import Call, ListedCall
from providers.mending import decode

Scrub = Callable[[bytes], bytes]
_T = TypeVar("_T")


def listed(raw: msgspec.Raw | bytes, read: Callable[[bytes], Call], scrub: Scrub) -> ListedCall:
    """Read one row; one that cannot be read is kept, with its problem."""
    row = bytes(raw)
    try:
        return ListedCall(raw=scrub(row), call=read(row))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a row, the others are read
        return ListedCall(raw=scrub(row), call=None, problem=_problem(error))


def readable(rows: Iterable[msgspec.Raw], into: type[_T]) -> Iterator[_T]:
    """Decode rows for a look-up, in which one that cannot be read is not the one looked for."""
    for row in rows:
        try:
            yield decode(bytes(row), into)
        except (ValueError, RecursionError):
            continue


def scrubber(drop: Collection[str], keep_only: Mapping[str, Collection[str]]) -> Scrub:
    """Return what takes other people's secrets out of a row.

    At any depth, a field whose name is in `drop` goes, and an object in a field of `keep_only`
    keeps only those fields of its own. All else stays as it was sent, byte for byte.
    """
    marks = [f'"{name}"'.encode() for name in (*drop, *keep_only)]

    def scrub(row: bytes) -> bytes:
        if not any(mark in row for mark in marks):
            return row
        if row[:1] == b"[":
            items = msgspec.json.decode(row, type=list[msgspec.Raw])
            return msgspec.json.encode([msgspec.Raw(scrub(bytes(item))) for item in items])
        if row[:1] != b"{":
            return row
        fields = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        kept = {name: bytes(inner) for name, inner in fields.items() if name not in drop}
        for name in kept.keys() & keep_only.keys():
            kept[name] = _only(kept[name], keep_only[name])
        return msgspec.json.encode({n: msgspec.Raw(scrub(inner)) for n, inner in kept.items()})

    return scrub


def text_of(json: msgspec.Raw | msgspec.UnsetType) -> str | None:
    """Return JSON text as it was sent; None if it is missing, null or holds nothing."""
    text = "" if isinstance(json, msgspec.UnsetType) else bytes(json).decode()
    return None if text in {"", "null", "{}", "[]", '""'} else text


def _only(value: bytes, names: Collection[str]) -> bytes:
    if value[:1] != b"{":
        return value
    fields = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: fields[name] for name in fields if name in names})


def _problem(error: Exception) -> str:
    """Tell where it went wrong. msgspec names types and places, never values."""
    known = isinstance(error, msgspec.ValidationError)
    return f"cannot be read: {error}" if known else f"cannot be read: {type(error).__name__}"
