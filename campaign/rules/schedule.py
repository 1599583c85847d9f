"""Opening hours of a week, in local time, with the holidays on which it is closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from campaign.rules.holidays import holiday
from campaign.rules.hours import ALL_DAY, Hours, join, parse_days, parse_hours


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hours for each day of the week, Monday first, and the calendars whose holidays are closed."""

    week: tuple[Hours, ...]
    closed_on: frozenset[str] = frozenset()

    def on(self, day: date) -> Hours:
        """The hours of one local date."""
        if self.closed_on and holiday(self.closed_on, day) is not None:
            return ()
        return self.week[day.weekday()]

    @property
    def always(self) -> bool:
        """Open at every instant."""
        return not self.closed_on and all(hours == ALL_DAY for hours in self.week)

    def without_holidays(self) -> "Schedule":
        """The same hours, open on holidays as well."""
        return Schedule(self.week)


ALWAYS = Schedule((ALL_DAY,) * 7)


def weekly(hours: str, days: str = "daily", closed_on: frozenset[str] = frozenset()) -> Schedule:
    """The same hours on some days of the week. Raises `ValueError`."""
    open_days, stretches = parse_days(days), parse_hours(hours)
    return Schedule(tuple(stretches if day in open_days else () for day in range(7)), closed_on)


def either(schedules: Iterable[Schedule], closed_on: frozenset[str]) -> Schedule:
    """Open whenever one of the schedules is, but for the holidays of these calendars."""
    weeks = [schedule.week for schedule in schedules]
    return Schedule(
        tuple(join(stretch for week in weeks for stretch in week[day]) for day in range(7)),
        closed_on,
    )
