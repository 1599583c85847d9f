"""Days of the week and hours of the day as people write them."""

import re
from collections.abc import Iterable

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

Hours = tuple[tuple[int, int], ...]
"""Stretches of one day: (from, to) in minutes after midnight, `to` exclusive; in order, apart."""

_STRETCH = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


def parse_days(text: str) -> frozenset[int]:
    """Read `mon-fri`, `mon,wed,sat`, `fri-mon` or `daily`; Monday is 0. Raises `ValueError`."""
    found: set[int] = set()
    for part in text.lower().split(","):
        if part.strip() == "daily":
            found.update(range(7))
            continue
        first, dash, last = (day.strip() for day in part.partition("-"))
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise ValueError(
                "days are written mon-fri, mon,wed,sat or daily, with mon tue wed thu fri sat sun"
            )
        start, end = DAYS.index(first), DAYS.index(last)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def parse_hours(text: str) -> Hours:
    """Read `09:00-20:00` or `10:00-13:00;14:00-20:00`, to `24:00`. Raises `ValueError`."""
    return join(_parse_stretch(part) for part in text.split(";"))


def _parse_stretch(text: str) -> tuple[int, int]:
    found = _STRETCH.fullmatch(text)
    if found is None:
        raise ValueError("hours are written 09:00-20:00, several parted by ;")
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > 59 or end > DAY_MINUTES:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("a day goes from 00:00 to 24:00")
    if start >= end:
        raise ValueError("hours end after they begin; past midnight, write two stretches")
    return start, end


def join(stretches: Iterable[tuple[int, int]]) -> Hours:
    """Stretches of a day in order, those that touch or overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


ALL_DAY: Hours = ((0, DAY_MINUTES),)


def say_hours(hours: Hours) -> str:
    """Write the hours of a day: `09:00-20:00`, or `closed`."""
    said = (f"{_clock(start)}-{_clock(end)}" for start, end in hours)
    return ";".join(said) or "closed"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
