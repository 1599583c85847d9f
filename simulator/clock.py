"""What time it is in the simulator: seconds since the epoch, UTC."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the wall-clock time."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()


class VirtualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` (never back) and return the new time."""
        if seconds < 0:
            raise ValueError("a virtual clock only moves forward")
        self._now += seconds
        return self._now


def iso_utc(moment: float, *, digits: int = 3) -> str:
    """RFC 3339 in UTC with `Z`, with `digits` (0, 3 or 6) decimals of a second."""
    precision = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[digits]
    stamp = datetime.fromtimestamp(moment, UTC).isoformat(timespec=precision)
    return stamp.replace("+00:00", "Z")


def parse_moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 date or date-time; without an offset it is UTC.

    Raises `ValueError`.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
