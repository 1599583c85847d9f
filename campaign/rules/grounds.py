"""What everybody at one place has in common: clocks, law, windows and blackouts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from campaign.rules.caps import PART_HOURS, DayPart, RollingCap
from campaign.rules.law import Bound, Consent, Law, Needed, strictest_consent, too_old
from campaign.rules.results import (
    BLACKOUTS,
    CAMPAIGN_HOURS,
    PLACE,
    RuleResult,
    Verdict,
    clock_at,
)
from campaign.rules.schedule import either, weekly
from campaign.rules.timings import Timed, Timings
from campaign.rules.windows import (
    FOREVER,
    Closures,
    LocalHours,
    Openings,
    Span,
    blackouts,
    first_opening,
    local_hours,
)
from campaign.rules.zones import Place
from campaign.spec import CallingWindows

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
        self, place: Place, windows: CallingWindows | None, law: Law | None, timings: Timings
    ) -> None:
        self.place = place
        self._windows = windows
        self._timings = timings
        self._now = timings.now
        self._bound = law.bind(place) if law is not None else ()
        self._openings: list[Openings] = []
        self._spans: list[Span | None] = []
        self.results: tuple[RuleResult, ...] = tuple(self._judge(law))

    def _judge(self, law: Law | None) -> Iterator[RuleResult]:
        windows, place = self._windows, self.place
        if windows is None or law is None:
            yield _free(place)
            return
        if place.problem:
            why = f"nobody can tell which clock counts: {place.problem}"
            yield RuleResult(rule=PLACE, verdict=Verdict.BLOCKED, why=why)
            return
        yield self._place()
        for bound in self._bound:
            yield self._rule(bound, windows)
        hours, source = law.campaign_hours, "policy.calling_windows"
        yield self._keep(self._timings.timed(CAMPAIGN_HOURS, place.zones, hours, source))
        closures = blackouts(windows, place.everywhere)
        if closures.closed:
            yield self._blackouts(closures, windows)

    def _place(self) -> RuleResult:
        why = f"its clock is known from {self.place.zones_from.value}"
        why += f" ({self.place.note})" if self.place.note else ""
        clocks = tuple(clock_at(zone_name, self._now) for zone_name in self.place.zones)
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
        return self._keep(
            self._timings.timed(rule.name, tuple(sorted(zones)), rule.schedule, source, rule.duties)
        )

    def _keep(self, timed: Timed) -> RuleResult:
        self._openings += timed.hours
        self._spans.append(timed.span)
        return timed.result

    def _blackouts(self, closures: Closures, windows: CallingWindows) -> RuleResult:
        span = first_opening([closures], self._now, self._timings.margin)
        self._openings.append(closures)
        self._spans.append(span)
        verdict, until, next_at = self._timings.read(span)
        reasons = [b.reason for b in windows.blackouts if b.start <= self._now < b.end]
        return RuleResult(
            rule=BLACKOUTS,
            verdict=verdict,
            why="; ".join(filter(None, reasons)) or "no calls in the blackouts of the campaign",
            until=until,
            next_at=next_at,
            source="policy.calling_windows.blackouts",
        )

    @cached_property
    def opening(self) -> Span | None:
        """The first instant from now on at which every window is open, and until when."""
        ends = [span.end for span in self._spans if span is not None and span.start <= self._now]
        if len(ends) == len(self._spans):
            return Span(self._now, min(ends, default=FOREVER))
        return self._first(self._openings, self._now)

    def opening_from(self, at: datetime, parts: frozenset[DayPart] | None = None) -> Span | None:
        """The first instant from `at` on at which every window is open.

        `parts`: only in these parts of the day.
        """
        if parts is None:
            return self.opening if at == self._now else self._first(self._openings, at)
        return self._first([*self._openings, self._parts(parts)], at)

    def _first(self, openings: Sequence[Openings], at: datetime) -> Span | None:
        return first_opening(openings, at, self._timings.margin)

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
