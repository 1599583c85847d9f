"""The rules that look at earlier calls to the number: attempts, caps, gap, time of the day."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaign.rules.caps import (
    DayPart,
    PastDial,
    RollingCap,
    gap_free_from,
    least_tried,
    part_of,
)
from campaign.rules.grounds import Grounds, NamedCap
from campaign.rules.results import (
    ATTEMPTS,
    CAP,
    GAP,
    TIME_OF_DAY,
    RuleResult,
    Verdict,
)
from campaign.rules.zonedata import zone
from campaign.spec import Policy


class PastRules:
    """The rules of one policy about the past, judged at one instant."""

    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._caps = tuple(
            NamedCap("of the campaign", RollingCap(cap.calls, cap.per), "policy.caps")
            for cap in policy.caps
        )

    def results(self, grounds: Grounds, history: Sequence[PastDial]) -> Iterator[RuleResult]:
        """What each of them says, but for the time of the day."""
        own = sum(past.this_campaign for past in history)
        spent = own >= self._policy.max_attempts
        yield RuleResult(
            rule=ATTEMPTS,
            verdict=Verdict.BLOCKED if spent else Verdict.OK,
            why=f"{own} of {self._policy.max_attempts} attempts are used",
            source="policy.max_attempts",
        )
        for named in (*grounds.caps, *self._caps):
            free = named.cap.free_from(history)
            yield self._waiting(f"{CAP} {named.name}", f"at most {named.cap}", free, named.source)
        free = gap_free_from(history, self._policy)
        yield self._waiting(GAP, "the wait after the last attempt", free, "policy.min_gap")

    def _waiting(self, rule: str, why: str, free: datetime | None, source: str) -> RuleResult:
        later = free is not None and free > self._now
        return RuleResult(
            rule=rule,
            verdict=Verdict.LATER if later else Verdict.OK,
            why=why,
            next_at=free if later else None,
            source=source,
        )

    def parts_to_try(
        self, grounds: Grounds, history: Sequence[PastDial]
    ) -> frozenset[DayPart] | None:
        """The parts of the day to call in, by the person's first clock; None: any will do."""
        own = [past.at for past in history if past.this_campaign]
        if not self._policy.vary_hours or not own or not grounds.place.zones:
            return None
        clock = zone(grounds.place.zones[0])
        tried = [part_of(at.astimezone(clock)) for at in own]
        parts = least_tried(tried, grounds.day_parts)
        return None if not parts or len(parts) == len(grounds.day_parts) else parts

    def time_of_day(self, grounds: Grounds, parts: frozenset[DayPart]) -> RuleResult:
        """Whether now is one of the parts of the day to call in."""
        span = grounds.opening_from(self._now, parts)
        waits = span is not None and span.start > self._now
        names = " or ".join(part for part in DayPart if part in parts)
        return RuleResult(
            rule=TIME_OF_DAY,
            verdict=Verdict.LATER if waits else Verdict.OK,
            why=f"the {names} was tried least",
            next_at=span.start if span is not None and waits else None,
            source="policy.vary_hours",
        )
