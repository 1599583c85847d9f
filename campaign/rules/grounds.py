"""What everybody at one place has in common: clocks, law, windows and blackouts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from campaign.rules.caps import PART_HOURS, DayPart, RollingCap
from campaign.rules.holidays import holiday
from campaign.rules.hours import DAYS, say_hours
from campaign.rules.law import Bound, Consent, Law, Needed, strictest_consent, too_old
from campaign.rules.results import (
    AGREEMENT,
    BLACKOUTS,
    CAMPAIGN_HOURS,
    PLACE,
    Clock,
    RuleResult,
    Verdict,
    clock_at,
)
from campaign.rules.schedule import Schedule, either, weekly
from campaign.rules.windows import (
    FOREVER,
    LocalHours,
    Openings,
    Span,
    blackouts,
    campaign_schedule,
    first_opening,
    local_hours,
)
from campaign.rules.zones import Place
from campaign.spec import CallingWindows

_NO_MARGIN = timedelta(0)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NamedCap:
    """A cap and whose it is."""

    name: str
    cap: RollingCap
    source: str


class Grounds:
    """The rules that are the same for everybody at one place, judged at one instant."""

    def __init__(
        self, place: Place, windows: CallingWindows | None, law: Law | None, now: datetime
    ) -> None:
        self.place = place
        self._windows = windows
        self._now = now
        self._bound = law.bind(place) if law is not None else ()
        self._openings: list[Openings] = []
        self.results: tuple[RuleResult, ...] = tuple(self._judge())
        self.blocked = any(result.verdict is Verdict.BLOCKED for result in self.results)

    def _judge(self) -> list[RuleResult]:
        windows, place = self._windows, self.place
        if windows is None:
            return [_free(place)]
        if place.problem:
            why = f"nobody can tell which clock counts: {place.problem}"
            return [RuleResult(rule=PLACE, verdict=Verdict.BLOCKED, why=why)]
        results = [self._place()]
        results += [self._rule(bound, windows) for bound in self._bound]
        results.append(self._campaign_hours(windows))
        results += self._blackouts(windows)
        if self.opening is None and all(r.verdict is not Verdict.BLOCKED for r in results):
            why = "there is no instant within 400 days at which all of these rules are open"
            results.append(RuleResult(rule=AGREEMENT, verdict=Verdict.BLOCKED, why=why))
        return results

    def _place(self) -> RuleResult:
        why = f"its clock is known from {self.place.zones_from.value}"
        why += f" ({self.place.note})" if self.place.note else ""
        clocks = _clocks(self.place.zones, self._now)
        return RuleResult(rule=PLACE, verdict=Verdict.OK, why=why, clocks=clocks)

    def _rule(self, bound: Bound, windows: CallingWindows) -> RuleResult:
        rule = bound.rule
        problem = rule.prohibited
        if rule.place != "*" and too_old(rule, windows, self._now):
            problem = (
                f"this rule was last checked in {rule.as_of:%B %Y}, longer ago than max_rule_age:"
                " check it, then supply it in policy.calling_windows.rules"
            )
        source = f"{rule.source} ({rule.confidence.value}, {rule.as_of:%Y-%m})"
        if problem:
            why = f"{problem} ({bound.why})"
            return RuleResult(
                rule=rule.name, verdict=Verdict.BLOCKED, why=why, source=source, duties=rule.duties
            )
        zones = set(self.place.zones).union(rule.clock)
        zones.update(self.place.number_zones if bound.by_number else ())
        return self._timed(rule.name, rule.schedule, sorted(zones), source, rule.duties)

    def _campaign_hours(self, windows: CallingWindows) -> RuleResult:
        schedule = campaign_schedule(windows)
        source = "policy.calling_windows"
        return self._timed(CAMPAIGN_HOURS, schedule, self.place.zones, source)

    def _timed(
        self, name: str, schedule: Schedule, zones: Sequence[str], source: str, duties: str = ""
    ) -> RuleResult:
        """The result of hours that must be open in every zone."""
        hours = [local_hours(schedule, zone_name) for zone_name in zones]
        self._openings += hours
        span = first_opening(hours, self._now, self.margin)
        closing = next((each for each in hours if not self._open(each)), hours[0])
        verdict, until, next_at = self._read(span)
        return RuleResult(
            rule=name,
            verdict=verdict,
            why=_say(closing, self._now),
            clocks=_clocks(zones, self._now),
            until=until,
            next_at=next_at,
            source=source,
            duties=duties,
        )

    def _open(self, opening: Openings) -> bool:
        span = opening.span(self._now, self.margin)
        return span is not None and span.start <= self._now

    def _read(self, span: Span | None) -> tuple[Verdict, datetime | None, datetime | None]:
        if span is None:
            return Verdict.BLOCKED, None, None
        if span.start > self._now:
            return Verdict.LATER, None, span.start
        return Verdict.OK, None if span.end == FOREVER else span.end, None

    def _blackouts(self, windows: CallingWindows) -> list[RuleResult]:
        closures = blackouts(windows, self.place.everywhere)
        if not closures.closed:
            return []
        self._openings.append(closures)
        verdict, until, next_at = self._read(first_opening([closures], self._now, self.margin))
        reasons = [b.reason for b in windows.blackouts if b.start <= self._now < b.end]
        why = "; ".join(filter(None, reasons)) or "no calls in the blackouts of the campaign"
        return [
            RuleResult(
                rule=BLACKOUTS,
                verdict=verdict,
                why=why,
                until=until,
                next_at=next_at,
                source="policy.calling_windows.blackouts",
            )
        ]

    @property
    def margin(self) -> timedelta:
        """What is taken off the end of every window."""
        return self._windows.margin if self._windows is not None else _NO_MARGIN

    @cached_property
    def opening(self) -> Span | None:
        """The first instant from now on at which every window is open, and until when."""
        return first_opening(self._openings, self._now, self.margin)

    def opening_from(self, at: datetime, parts: frozenset[DayPart] | None = None) -> Span | None:
        """The first instant from `at` on at which every window is open.

        `parts`: only in these parts of the day.
        """
        if parts is None:
            return self.opening if at == self._now else self._first(self._openings, at)
        return self._first([*self._openings, self._parts(parts)], at)

    def _first(self, openings: Sequence[Openings], at: datetime) -> Span | None:
        return first_opening(openings, at, self.margin)

    def _parts(self, parts: frozenset[DayPart]) -> LocalHours:
        hours = either([weekly(PART_HOURS[part]) for part in parts], frozenset())
        return local_hours(hours, self.place.zones[0])

    @cached_property
    def day_parts(self) -> tuple[DayPart, ...]:
        """The parts of the day in which people here may be called within a week from now."""
        if not self.place.zones:
            return ()
        spans = {part: self.opening_from(self._now, frozenset({part})) for part in DayPart}
        last = self._now + _WEEK
        return tuple(part for part, span in spans.items() if span and span.start < last)

    @cached_property
    def caps(self) -> tuple[NamedCap, ...]:
        """The caps of the rules that hold here."""
        return tuple(
            NamedCap(bound.rule.name, cap, bound.rule.source)
            for bound in self._bound
            for cap in bound.rule.caps
        )

    @cached_property
    def consent(self) -> Needed:
        """The consent that the rules here ask for."""
        if self._windows is None:
            return Needed(Consent.NONE)
        return strictest_consent(self._bound, self._windows.purpose)


def _free(place: Place) -> RuleResult:
    why = "the campaign has no calling windows: any hour will do"
    return RuleResult(
        rule=PLACE, verdict=Verdict.OK, why=why, source=f"clock from {place.zones_from.value}"
    )


def _clocks(zones: Sequence[str], now: datetime) -> tuple[Clock, ...]:
    return tuple(clock_at(zone_name, now) for zone_name in zones)


def _say(hours: LocalHours, now: datetime) -> str:
    """The hours of the present local day, and what time it is."""
    clock = clock_at(hours.zone_name, now)
    day = clock.local.date()
    if hours.schedule.always:
        return "it says nothing of hours"
    closed_for = holiday(hours.schedule.closed_on, day)
    today = f"closed for {closed_for}" if closed_for else say_hours(hours.schedule.on(day))
    return f"{DAYS[day.weekday()]} {today}, and it is {clock}"
