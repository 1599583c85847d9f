"""How long an account is left alone after it refused. Pure: what was known goes in, and comes out.

A provider that refuses because we are too fast is left alone for as long as it says, at most an
hour. One that does not say, or says nothing that makes sense, is left alone for a second, and twice
as long each time that it refuses again. One that has no free line is only not asked for calls.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.errors import RateLimited

MOST_PATIENCE = timedelta(hours=1)
_UNTOLD = timedelta(seconds=1)
_MOST_UNTOLD = timedelta(minutes=5)
_NO_LINE = timedelta(seconds=15)
_FORGIVEN = timedelta(minutes=1)
"""After so long without a refusal the next one is the first again."""
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """From when on an account may be asked. Times are aware UTC; None: at once."""

    free_at: datetime | None = None
    """Nothing is asked before."""
    lines_at: datetime | None = None
    """No call is placed before; everything else goes on."""
    untold: int = 0
    """Refusals in a row that did not say for how long."""

    def wait(self, now: datetime, *, dials: bool) -> timedelta:
        """How long to wait before asking; `dials`: for a call.

        Never more than an hour, whatever clock the moments were told by.
        """
        moments = [self.free_at, self.lines_at if dials else None]
        waits = [moment - now for moment in moments if moment is not None]
        return min(max([_NOTHING, *waits]), MOST_PATIENCE)

    def after(self, refusal: RateLimited, now: datetime) -> "Patience":
        """What a refusal changes: it makes no wait shorter."""
        told = min(refusal.retry_after or _NOTHING, MOST_PATIENCE)
        if refusal.capacity:
            return replace(self, lines_at=_later(self.lines_at, now + (told or _NO_LINE)))
        if told > _NOTHING:
            return replace(self, free_at=_later(self.free_at, now + told))
        if self.free_at is not None and now < self.free_at:
            return self  # Asked before the refusal was known that we heed already.
        forgiven = self.free_at is None or now >= self.free_at + _FORGIVEN
        untold = 1 if forgiven else self.untold + 1
        pause = min(_UNTOLD * 2 ** min(untold - 1, 20), _MOST_UNTOLD)
        return replace(self, free_at=_later(self.free_at, now + pause), untold=untold)

    def joined(self, other: "Patience") -> "Patience":
        """What two know together."""
        return Patience(
            free_at=_later(self.free_at, other.free_at),
            lines_at=_later(self.lines_at, other.lines_at),
            untold=max(self.untold, other.untold),
        )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
