"""Messages that providers send by themselves: proved to be theirs, and read as hints, never more.

What a message says is not believed and not stored. It tells where to look sooner.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

FRESH = timedelta(minutes=5)
"""How old a signed time may be, and how far ahead of our clock."""

_LONGEST = 200
"""Characters of an id; a longer one is none."""
_MILLISECONDS = 100_000_000_000
"""A time of so many units since 1970 or more is not in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request as it came."""

    headers: Mapping[str, str]
    """By name in lower case."""
    path: str
    """What stands in the URL behind the provider's name."""
    body: bytes
    at: datetime
    """When it came, aware UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a message may be about: ids as it gives them."""

    batches: frozenset[str] = frozenset()
    """Of batches at the provider."""
    calls: frozenset[str] = frozenset()
    """Of calls at the provider."""
    names: frozenset[str] = frozenset()
    """Our tags and keys."""
    event: str = ""
    """The message's own id; empty: its bytes are its id."""


Proof = Callable[[Message, bytes], bool]
"""Tells in constant time whether whoever sent a message knows the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """How the messages of one provider are proved and read."""

    proof: Proof
    hint: Callable[[Mapping[str, Any]], Hint]
    """Reads a body that is a JSON object; whatever else is in it, this raises nothing."""
    secret_in_path: bool = False
    """The provider can send no header, so the URL ends with the secret."""


def signed(header: str) -> Proof:
    """The header is the HMAC-SHA256 of the body, in hexadecimal digits."""

    def proof(message: Message, secret: bytes) -> bool:
        return _same(_header(message, header), _hmac(secret, message.body))

    return proof


def signed_as_written_by_javascript(header: str) -> Proof:
    """As `signed`, of the body or of what `JSON.stringify` makes of it."""

    def proof(message: Message, secret: bytes) -> bool:
        said = _header(message, header)
        return _same(said, _hmac(secret, message.body)) or _same(
            said, _hmac(secret, _rewritten(message.body))
        )

    return proof


def signed_with_time(header: str, time_header: str) -> Proof:
    """The header is the HMAC-SHA256 of time, dot and body; the time is of the last minutes."""

    def proof(message: Message, secret: bytes) -> bool:
        at = _header(message, time_header)
        right = _hmac(secret, at.encode() + b"." + message.body)
        return _same(_header(message, header), right) and _fresh(at, message.at)

    return proof


def told_in(header: str) -> Proof:
    """The header is the secret itself, with or without `Bearer`."""

    def proof(message: Message, secret: bytes) -> bool:
        return _same(_header(message, header).removeprefix("Bearer ").encode(), secret)

    return proof


def told_in_path(message: Message, secret: bytes) -> bool:
    """The URL ends with the secret."""
    return _same(message.path.encode(), secret)


def any_of(*proofs: Proof) -> Proof:
    """One of these is enough; all are tried, however the first go."""

    def proof(message: Message, secret: bytes) -> bool:
        return any([one(message, secret) for one in proofs])  # noqa: C419 - none is skipped

    return proof


def ids(*values: object) -> frozenset[str]:
    """Return those of the values that can be ids."""
    return frozenset(one for one in values if isinstance(one, str) and 0 < len(one) <= _LONGEST)


def at(said: object, *names: str) -> object:
    """Return what stands in objects within objects; None if it is not there."""
    for name in names:
        if not isinstance(said, dict):
            return None
        said = said.get(name)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return said  # pyright: ignore[reportUnknownVariableType]


def _header(message: Message, name: str) -> str:
    return message.headers.get(name, "")


def _hmac(secret: bytes, signed: bytes) -> bytes:
    return hmac.digest(secret, signed, hashlib.sha256).hex().encode()


def _same(said: str | bytes, right: bytes) -> bool:
    # compare_digest takes text of ASCII only.
    return hmac.compare_digest(said.encode() if isinstance(said, str) else said, right)


def _rewritten(body: bytes) -> bytes:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _fresh(text: str, now: datetime) -> bool:
    # Digits of one script alone: `int` reads others, too.
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MILLISECONDS)) + 2:
        return False
    seconds = int(text) / (1000 if int(text) >= _MILLISECONDS else 1)
    return abs(now.timestamp() - seconds) <= FRESH.total_seconds()
