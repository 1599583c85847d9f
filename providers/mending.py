"""Read what a provider says in sloppy JSON, so that half an emoji costs no result."""

import json
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


def decode(content: bytes, into: type[_T] | Any = Any) -> _T:
    """Decode JSON, mended where it has to be; a number written as text is a number.

    Raises `msgspec.ValidationError` for another shape, another `ValueError` if it is no JSON at
    all, `RecursionError` if it is too deep.
    """
    try:
        return msgspec.json.decode(content, type=into, strict=False)
    except msgspec.ValidationError:
        raise
    except ValueError:
        return msgspec.json.decode(mended(content), type=into, strict=False)


def mended(content: bytes) -> bytes:
    """Return strict UTF-8 JSON with the same meaning.

    Half surrogate pairs, bytes that are no UTF-8 and control characters in text are replaced, NaN
    and Infinity become null, a byte order mark goes. Raises `ValueError` if it is no JSON at all,
    `RecursionError` if it is too deep.
    """
    text = content.decode("utf-8-sig", errors="replace")
    value = json.loads(text, strict=False, parse_constant=lambda _: None)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
