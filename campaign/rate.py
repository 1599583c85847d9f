"""At most so many calls in any stretch of so long. Pure: moments go in, a moment comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)

Placed = tuple[datetime, int]
"""A moment, and how many calls were placed then."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls may be placed in how long a stretch, wherever it begins."""

    calls: int
    per: timedelta

    @classmethod
    def of(cls, calls_per_minute: float) -> "Rate":
        """Whole calls: less than one a minute is one in several minutes."""
        if calls_per_minute < 1:
            return cls(1, _MINUTE / calls_per_minute)
        return cls(int(calls_per_minute), _MINUTE)

    def room(self, placed: Sequence[Placed], now: datetime) -> int:
        """How many calls may be placed now."""
        return max(self.calls - sum(calls for _, calls in self._counted(placed, now)), 0)

    def free_at(self, placed: Sequence[Placed], wanted: int, now: datetime) -> datetime | None:
        """When `wanted` calls may be placed at once; None: now.

        More than the rate allows at all wait until nothing else counts.
        """
        counted = self._counted(placed, now)
        room = self.calls - sum(calls for _, calls in counted)
        needed = min(wanted, self.calls)
        if room >= needed:
            return None
        for moment, calls in counted:
            room += calls
            if room >= needed:
                return moment + self.per
        raise AssertionError("an empty stretch has room for all that is allowed")

    def _counted(self, placed: Sequence[Placed], now: datetime) -> list[Placed]:
        return sorted((moment, calls) for moment, calls in placed if moment > now - self.per)
