"""What one account may ask for, and when: shared by all that speak for it in this process.

What those in other processes have been told comes in by `Memory`.
"""

import email.utils
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from campaign.clock import Clock, SystemClock
from campaign.errors import ClocksDiffer, RateLimited
from campaign.patience import Patience

MOST_SKEW = timedelta(seconds=60)
"""Clocks that differ by more decide wrongly who may be called now: nothing is submitted then."""
PATIENCE = timedelta(seconds=5)
"""What is waited for on the spot; more is the caller's business."""


class Memory(Protocol):
    """What everybody knows who speaks for an account, in whichever process."""

    async def patience(self) -> Patience:
        """Return what all of them have been told so far."""
        ...

    async def refused(self, refusal: RateLimited) -> None:
        """Tell all of them of a refusal."""
        ...


@dataclass(slots=True)
class Throttle:
    """The patience that one account needs."""

    clock: Clock = field(default_factory=SystemClock)
    per_second: float | None = None
    """Requests that we allow ourselves; None: as many as there are."""
    patience: Patience = field(default_factory=Patience)
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
        wait = self.patience.wait(now, dials=dials)
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
        self.patience = self.patience.after(error, self.clock.now())

    def told(self, patience: Patience) -> None:
        """Remember what others have been told."""
        self.patience = self.patience.joined(patience)

    def heard(self, date: str) -> None:
        """Compare our clock with the `Date` of an answer; one that makes no sense says nothing."""
        said = moment_of(date)
        if said is not None:
            self._skew = said - self.clock.now()


def moment_of(date: str) -> datetime | None:
    """Read the `Date` of an answer, in aware UTC; None for what makes no sense."""
    try:
        said = email.utils.parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return said.replace(tzinfo=said.tzinfo or UTC)
