"""What one account may ask for, and when: shared by all that speak for it in this process.

A provider that refuses because we are too fast is left alone, by everybody, for as long as it says.
One that has no free line is only not asked for further calls: whatever else may go on.
"""

import email.utils
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from campaign.clock import Clock, SystemClock
from campaign.errors import ClocksDiffer, RateLimited

MOST_SKEW = timedelta(seconds=60)
"""Clocks that differ by more decide wrongly who may be called now: nothing is submitted then."""
PATIENCE = timedelta(seconds=5)
"""What is waited for on the spot; more is the caller's business."""
_UNTOLD = timedelta(seconds=1)
_NO_LINE = timedelta(seconds=15)


@dataclass(slots=True)
class Throttle:
    """The patience that one account needs."""

    clock: Clock = field(default_factory=SystemClock)
    per_second: float | None = None
    """Requests that we allow ourselves; None: as many as there are."""
    _free_at: datetime | None = None
    _lines_at: datetime | None = None
    _turn_at: datetime | None = None
    _skew: timedelta = timedelta(0)

    async def turn(self, *, dials: bool = False) -> None:
        """Wait until the account may be asked something.

        Raises `RateLimited` if that is long, and for a request that makes telephones ring
        `ClocksDiffer` if the provider's clock is not ours.
        """
        if dials and abs(self._skew) > MOST_SKEW:
            seconds = round(self._skew.total_seconds())
            raise ClocksDiffer(f"the clock here and the provider's differ by {seconds} s")
        now = self.clock.now()
        moments = [self._free_at, self._lines_at if dials else None]
        wait = max([moment - now for moment in moments if moment], default=timedelta(0))
        if wait > PATIENCE:
            raise RateLimited("the account is to be left alone for now", retry_after=wait)
        await self.clock.sleep(max(wait, self._next_turn(now)))

    def _next_turn(self, now: datetime) -> timedelta:
        if self.per_second is None:
            return timedelta(0)
        mine = max(now, self._turn_at or now)
        self._turn_at = mine + timedelta(seconds=1 / self.per_second)
        return mine - now

    def refused(self, error: RateLimited) -> None:
        """Remember a refusal, for everybody."""
        now = self.clock.now()
        if error.capacity:
            self._lines_at = _later(self._lines_at, now + (error.retry_after or _NO_LINE))
        else:
            self._free_at = _later(self._free_at, now + (error.retry_after or _UNTOLD))

    def heard(self, date: str) -> None:
        """Compare our clock with the `Date` of an answer; one that makes no sense says nothing."""
        said = moment_of(date)
        if said is not None:
            self._skew = said - self.clock.now()


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def moment_of(date: str) -> datetime | None:
    """Read the `Date` of an answer, in aware UTC; None for what makes no sense."""
    try:
        said = email.utils.parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return said.replace(tzinfo=said.tzinfo or UTC)
