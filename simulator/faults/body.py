"""Faults of the answer's body: what was asked has been done, and what comes back cannot be read."""

import gzip
from typing import Any, Literal, TypeAlias, cast

import msgspec
from pydantic import Field

from simulator.exchange import Answer
from simulator.faults.fault import Fault, Incident, succeeded
from simulator.faults.json_path import edited, without

_DEPTH = 100_000
_MEGABYTE = 1_000_000
_DRIFTS = {
    "nan": b"NaN",
    "big_int": b"18446744073709551617",
    "deep": b"[" * _DEPTH + b"]" * _DEPTH,
}
"""Values of a field that nobody asked for."""

Damage: TypeAlias = Literal[
    "malformed",
    "empty",
    "bom",
    "nan",
    "big_int",
    "deep",
    "duplicate_keys",
    "bad_gzip",
    "gzip_bomb",
    "huge",
]


Odd: TypeAlias = Literal[
    "surrogate", "nul", "separators", "rtl", "emoji", "formula", "html", "ansi"
]


class Garble(Fault):
    """Damage the bytes of a good answer; its length is announced rightly."""

    kind: Literal["garble"] = "garble"
    how: Damage = "malformed"
    """`malformed`: JSON that stops short; `deep`: 100 000 lists in one another; `duplicate_keys`:
    every field twice, null the second time; `gzip_bomb`, `huge`: `megabytes` of blanks.
    """
    megabytes: int = Field(default=200, ge=1)

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Damage it."""
        del incident
        if not succeeded(answer):
            return answer
        body = answer.encode()
        if self.how in {"bad_gzip", "gzip_bomb"}:
            return self._zipped(answer, body)
        return answer.with_body(self._damaged(body))

    def _damaged(self, body: bytes) -> bytes:
        if self.how == "duplicate_keys":
            return _with_nulls(body)
        if self.how in _DRIFTS:
            return _with_field(body, b'"drift":' + _DRIFTS[self.how])
        return {
            "malformed": body[: max(1, len(body) * 2 // 3)],
            "empty": b"",
            "bom": b"\xef\xbb\xbf" + body,
            "huge": b" " * (self.megabytes * _MEGABYTE if self.how == "huge" else 0) + body,
        }[self.how]

    def _zipped(self, answer: Answer, body: bytes) -> Answer:
        zipped = b"\x1f\x8b\x08\x00 this is no gzip"
        if self.how == "gzip_bomb":
            zipped = gzip.compress(b" " * (self.megabytes * _MEGABYTE) + body, compresslevel=9)
        return answer.with_body(zipped).with_headers({"content-encoding": "gzip"})


class ContentType(Fault):
    """Send the right body under a wrong content type."""

    kind: Literal["content_type"] = "content_type"
    value: str = "text/html; charset=utf-8"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Mislabel it."""
        del incident
        return answer.with_headers({"content-type": self.value})


class LoseIds(Fault):
    """Leave out, or set to null, the ids by which a submission would be known."""

    kind: Literal["lose_ids"] = "lose_ids"
    null: bool = False

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Take them away."""
        if not succeeded(answer):
            return answer
        for path in incident.endpoint.shape.ids:
            answer = edited(answer, path, _null) if self.null else without(answer, path)
        return answer


class WrongTypes(Fault):
    """Send numbers as text and text as numbers, in every row and in the top object."""

    kind: Literal["wrong_types"] = "wrong_types"
    fields: tuple[str, ...] = ()
    """Only these; empty: all that are text or numbers, but for ids."""

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Swap the types."""
        if not succeeded(answer):
            return answer
        spared = {incident.endpoint.shape.row_id, incident.endpoint.shape.cursor or ""}

        def swap(value: Any) -> Any:
            if isinstance(value, list):
                return [swap(item) for item in cast("list[Any]", value)]
            if not isinstance(value, dict):
                return value
            row = cast("dict[str, Any]", value)
            return {
                name: _swapped(inner)
                if name in self.fields or not (self.fields or name in spared)
                else inner
                for name, inner in row.items()
            }

        rows = incident.endpoint.shape.rows
        return edited(answer, rows if rows is not None else "", swap)


class OddText(Fault):
    """Put text that breaks careless clients into everything that was said or written."""

    kind: Literal["odd_text"] = "odd_text"
    what: Odd = "emoji"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Put it in."""
        del incident
        if not succeeded(answer):
            return answer
        odd = _ODD[self.what]
        spoilt = edited(answer, "", lambda body: _spoken(body, _MARK))
        # Put in as bytes, because a lone surrogate is no text that could be encoded.
        return answer.with_body(spoilt.encode().replace(_MARK.encode(), odd))


_MARK = "@@odd@@"
_SAID = frozenset(
    {"text", "transcript", "concatenated_transcript", "summary", "content", "message"}
)
_ODD = {
    "surrogate": b"\\ud800",
    "nul": b"\\u0000",
    "separators": "\u2028\u2029\u0085".encode(),
    "rtl": "\u202e\u05e9\u05dc\u05d5\u05dd".encode(),
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467".encode(),
    "formula": b"=HYPERLINK(1)",
    "html": b"<script>alert(1)</script>",
    "ansi": b"\\u001b[31m",
}


def _spoken(value: Any, odd: str) -> Any:
    if isinstance(value, list):
        return [_spoken(item, odd) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    return {
        name: odd + inner if name in _SAID and isinstance(inner, str) else _spoken(inner, odd)
        for name, inner in cast("dict[str, Any]", value).items()
    }


def _with_field(body: bytes, field: bytes) -> bytes:
    if body.startswith(b"{"):
        return body[:-1] + (b"" if body == b"{}" else b",") + field + b"}"
    return body[:-1] + (b"" if body == b"[]" else b",") + b"{" + field + b"}]"


def _with_nulls(body: bytes) -> bytes:
    top = msgspec.json.decode(body)
    names: list[str] = list(top) if isinstance(top, dict) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return _with_field(body, b",".join(msgspec.json.encode(name) + b":null" for name in names))


def _null(_: Any) -> Any:
    return None


def _swapped(value: Any) -> Any:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value
