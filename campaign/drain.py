"""How long a batch takes until its last call begins, so that it ends before a window closes."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Drain:
    """The pace at which a provider is expected to work through a batch."""

    start: datetime
    """Aware UTC: the first call begins."""
    lines: int
    """Calls at a time."""
    call_length: timedelta

    def ends_before(self, until: datetime | None, people: int) -> bool:
        """Whether the last of so many calls begins before `until`; None: nothing closes."""
        if until is None:
            return True
        return self.start + (people - 1) // self.lines * self.call_length < until


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two ends; None is no end."""
    return min((end for end in (one, other) if end is not None), default=None)
