"""When a weekly schedule lets calls start."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

from simulator.dialects.vogent.bodies import Schedule
from simulator.lanes import Window, always

_WEEK_AND_A_DAY = 8


def window(schedule: Schedule | None) -> Window:
    """The first moment from a given one on at which the schedule is open; ends are exclusive."""
    if schedule is None or schedule.disableSchedule:
        return always

    def opens(moment: float) -> float:
        for start, end in _spans(schedule, moment):
            if moment < end:
                return max(moment, start)
        return inf

    return opens


def _spans(schedule: Schedule, moment: float) -> Iterator[tuple[float, float]]:
    zone = ZoneInfo(schedule.timezone)
    # From yesterday on: a slot may cross midnight.
    first = datetime.fromtimestamp(moment, zone).date() - timedelta(days=1)
    for offset in range(_WEEK_AND_A_DAY + 1):
        yield from _spans_of(schedule, first + timedelta(days=offset), zone)


def _spans_of(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
    slots = [
        slot
        for entry in schedule.days
        if entry.dayOfWeek == day.isoweekday() % 7
        for slot in entry.timeSlots
    ]
    for slot in sorted(slots, key=lambda slot: slot.startTime):
        crosses = slot.endTime <= slot.startTime
        last = day + timedelta(days=1) if crosses else day
        yield _moment(day, slot.startTime, zone), _moment(last, slot.endTime, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> float:
    local = datetime.combine(day, time.fromisoformat(clock), zone)
    return local.astimezone(UTC).timestamp()
