"""Hours by the clocks of several zones, judged at one instant and put in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.rules.holidays import holiday
from campaign.rules.hours import DAYS, say_hours
from campaign.rules.results import RuleResult, Verdict, clock_at
from campaign.rules.schedule import Schedule
from campaign.rules.windows import FOREVER, LocalHours, Openings, Span, first_opening, local_hours


@dataclass(frozen=True, slots=True)
class Timed:
    """The result of hours in some zones, and how it came about."""

    result: RuleResult
    hours: tuple[LocalHours, ...]
    span: Span | None


class Timings:
    """Hours in zones, judged at one instant; each rule is judged once for the same zones."""

    def __init__(self, now: datetime, margin: timedelta) -> None:
        self.now = now
        self.margin = margin
        self._known: dict[tuple[str, tuple[str, ...]], Timed] = {}

    def timed(
        self, name: str, zones: tuple[str, ...], schedule: Schedule, source: str, duties: str = ""
    ) -> Timed:
        """The result of a rule whose hours must be open in every one of the zones."""
        known = self._known.get((name, zones))
        if known is None:
            known = self._judge(name, zones, schedule, source, duties)
            self._known[name, zones] = known
        return known

    def _judge(
        self, name: str, zones: tuple[str, ...], schedule: Schedule, source: str, duties: str
    ) -> Timed:
        hours = tuple(local_hours(schedule, zone_name) for zone_name in zones)
        span = first_opening(hours, self.now, self.margin)
        closed = next((each for each in hours if not self._open(each)), hours[0])
        verdict, until, next_at = self.read(span)
        result = RuleResult(
            rule=name,
            verdict=verdict,
            why=_say(closed, self.now),
            clocks=tuple(clock_at(zone_name, self.now) for zone_name in zones),
            until=until,
            next_at=next_at,
            source=source,
            duties=duties,
        )
        return Timed(result, hours, span)

    def _open(self, opening: Openings) -> bool:
        span = opening.span(self.now, self.margin)
        return span is not None and span.start <= self.now

    def read(self, span: Span | None) -> tuple[Verdict, datetime | None, datetime | None]:
        """The verdict of an opening, until when it holds, and when the next one is."""
        if span is None:
            return Verdict.BLOCKED, None, None
        if span.start > self.now:
            return Verdict.LATER, None, span.start
        return Verdict.OK, None if span.end == FOREVER else span.end, None


def _say(hours: LocalHours, now: datetime) -> str:
    """The hours of the present local day, and what time it is."""
    clock = clock_at(hours.zone_name, now)
    day = clock.local.date()
    if hours.schedule.always:
        return "it says nothing of hours"
    closed_for = holiday(hours.schedule.closed_on, day)
    today = f"closed for {closed_for}" if closed_for else say_hours(hours.schedule.on(day))
    return f"{DAYS[day.weekday()]} {today}, and it is {clock}"
