"""When people were called, by their own clock."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaign.rules.zones import locate
from store.reports.campaign import Started

HOURS = range(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The calls that began in one hour of the day."""

    hour: int
    calls: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The calls of a campaign by the hour in which they rang where the person was."""

    hours: Sequence[Hour]
    """All 24."""
    unsure: int
    """Calls among them to people who may be in zones whose clocks differ: the middle one counts."""
    unknown: int
    """Calls that are not among them: nobody can tell what clock counts."""


def day(calls: Iterable[Started]) -> Day:
    """Count calls by the hour of the person's own day."""
    counted, answered = Counter[int](), Counter[int]()
    unsure = unknown = 0
    for call in calls:
        hours = _hours(locate(call.clues).zones, _quarter(call.at))
        if not hours:
            unknown += 1
            continue
        unsure += len(set(hours)) > 1
        hour = hours[len(hours) // 2]
        counted[hour] += 1
        answered[hour] += call.answered
    told = [Hour(hour=hour, calls=counted[hour], answered=answered[hour]) for hour in HOURS]
    return Day(hours=told, unsure=unsure, unknown=unknown)


def _quarter(instant: datetime) -> datetime:
    """Cut it to the quarter of an hour: no zone's hours begin in between."""
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)


@lru_cache(maxsize=65536)
def _hours(zones: Sequence[str], instant: datetime) -> Sequence[int]:
    """The hour on each clock, from the west to the east."""
    local = [instant.astimezone(ZoneInfo(zone)) for zone in zones]
    local.sort(key=lambda clock: clock.utcoffset() or timedelta(0))
    return tuple(clock.hour for clock in local)
