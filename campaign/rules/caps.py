"""How often one number may be called: rolling caps, gaps and the time of the day."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.durations import parse_duration, say_duration
from campaign.spec import Policy
from campaign.words import Outcome


@dataclass(frozen=True, slots=True)
class PastDial:
    """One earlier time that the number was or may have been dialled, in any campaign.

    Times are aware UTC.
    """

    at: datetime
    """When it rang as far as is known, else the wire mark: what the part of the day goes by."""
    outcome: Outcome | None = None
    """None: not over, or not known."""
    ended_at: datetime | None = None
    """It has not rung since: when the telephone was put down, or when we saw that it was over."""
    this_campaign: bool = True
    refused: bool = False
    """The person asked not to be called again."""

    @property
    def over_at(self) -> datetime:
        """The latest instant at which it can have rung; what caps and gaps count from.

        A provider may let a call wait for hours after our wire mark. Counted from that, two rings
        could come closer together than a cap allows.
        """
        return max(self.at, self.ended_at or self.at)


class Counted(StrEnum):
    """Which attempts a cap counts. One whose outcome is not known counts as whatever is worst."""

    ATTEMPTS = "attempts"
    COMPLETED = "completed"
    """Somebody or something picked up."""
    CONVERSATIONS = "conversations"
    REFUSALS = "refusals"


_UNSURE = frozenset({None, Outcome.UNKNOWN})
_OUTCOMES = {
    Counted.COMPLETED: _UNSURE | {Outcome.ANSWERED, Outcome.TRANSFERRED, Outcome.VOICEMAIL},
    Counted.CONVERSATIONS: _UNSURE | {Outcome.ANSWERED, Outcome.TRANSFERRED},
}


@dataclass(frozen=True, slots=True)
class RollingCap:
    """At most `calls` in any stretch of `per`, wherever it begins: no gap and no calendar day."""

    calls: int
    per: timedelta
    counted: Counted = Counted.ATTEMPTS

    def free_from(self, history: Iterable[PastDial]) -> datetime | None:
        """The instant from which one more call is within the cap; None: it always was."""
        times = sorted(self._times(history), reverse=True)
        return times[self.calls - 1] + self.per if len(times) >= self.calls else None

    def _times(self, history: Iterable[PastDial]) -> list[datetime]:
        if self.counted is Counted.ATTEMPTS:
            return [past.over_at for past in history]
        if self.counted is Counted.REFUSALS:
            return [past.over_at for past in history if past.refused]
        return [past.over_at for past in history if past.outcome in _OUTCOMES[self.counted]]

    def __str__(self) -> str:
        return f"{self.calls} {self.counted.value} in {say_duration(self.per)}"


_CAP = re.compile(r"(\d+)/(\w+) (\w+)")


def parse_caps(text: str) -> tuple[RollingCap, ...]:
    """Read `3/24h attempts;1/7d conversations`; empty text is no cap. Raises `ValueError`."""
    return tuple(_parse_cap(part) for part in text.split(";") if part)


def _parse_cap(text: str) -> RollingCap:
    found = _CAP.fullmatch(text.strip())
    if found is None:
        raise ValueError("a cap is written 3/24h attempts")
    per = parse_duration(found[2])
    if not isinstance(per, timedelta):
        raise ValueError("a cap needs a length of time such as 24h")  # noqa: TRY004 - it is a text
    return RollingCap(int(found[1]), per, Counted(found[3]))


# Beyond these a gap is as good as never, and the arithmetic would overflow.
_LONGEST_GAP = timedelta(days=400)
_MOST_GROWTH = 50


def gap_after(attempts: int, policy: Policy) -> timedelta:
    """How long to wait after the `attempts`-th attempt of a campaign before the next."""
    growth = policy.gap_growth ** min(attempts - 1, _MOST_GROWTH)
    longest = max(policy.min_gap, _LONGEST_GAP).total_seconds()
    return timedelta(seconds=min(policy.min_gap.total_seconds() * growth, longest))


def gap_free_from(history: Sequence[PastDial], policy: Policy) -> datetime | None:
    """The instant from which the last attempt is long enough ago; None: there was none.

    The gap grows with the attempts of this campaign; after those of others it is `min_gap`.
    """
    own = [past.over_at for past in history if past.this_campaign]
    free = [past.over_at + policy.min_gap for past in history]
    if own:
        free.append(max(own) + gap_after(len(own), policy))
    return max(free, default=None)


class DayPart(StrEnum):
    """A part of the day by the person's clock."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


PART_HOURS = {
    DayPart.MORNING: "00:00-12:00",
    DayPart.AFTERNOON: "12:00-17:00",
    DayPart.EVENING: "17:00-24:00",
}


def part_of(local: datetime) -> DayPart:
    """The part of the day of a local time."""
    if local.hour < 12:  # noqa: PLR2004 - noon
        return DayPart.MORNING
    return DayPart.AFTERNOON if local.hour < 17 else DayPart.EVENING  # noqa: PLR2004 - as in PART_HOURS


def least_tried(tried: Iterable[DayPart], possible: Iterable[DayPart]) -> frozenset[DayPart]:
    """Of the parts of the day in which people may be called at all, those tried least."""
    counts = dict.fromkeys(possible, 0)
    for part in tried:
        if part in counts:
            counts[part] += 1
    fewest = min(counts.values(), default=0)
    return frozenset(part for part, count in counts.items() if count == fewest)
