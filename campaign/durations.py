"""Lengths of time as people write them: `30s`, `4h`, `2d`."""

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")


def parse_duration(value: object) -> object:
    """Read `30s`, `5m`, `4h`, `2d`, `1w`, `250ms`; a timedelta or ISO 8601 passes through.

    Raises `ValueError`.
    """
    if not isinstance(value, str) or value.startswith("P"):
        if isinstance(value, (int, float)):
            raise ValueError("a length of time needs a unit, such as 30s, 5m, 4h or 2d")
        return value
    found = _FORM.fullmatch(value)
    if found is None:
        raise ValueError("a length of time is a number and a unit: 30s, 5m, 4h, 2d or 1w")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def say_duration(value: timedelta) -> str:
    """Write it as a person would, in the two largest units: `3 h 59 min`."""
    seconds = int(value.total_seconds())
    parts = [
        (seconds // 86400, "d"),
        (seconds % 86400 // 3600, "h"),
        (seconds % 3600 // 60, "min"),
        (seconds % 60, "s"),
    ]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) or "0 s"
