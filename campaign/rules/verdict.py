"""The one place where it is decided whether a person may be called, when next, and why not now.

Plans, explanations and the last look before a call are all made from a `Judgement`; there is no
second implementation.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from campaign.rules.caps import PastDial
from campaign.rules.consent import Said, consent_result
from campaign.rules.grounds import Grounds
from campaign.rules.law import Law
from campaign.rules.past import PastRules
from campaign.rules.results import (
    AGREEMENT,
    EXPIRY,
    SUPPRESSION,
    Judgement,
    RuleResult,
    Verdict,
)
from campaign.rules.timings import Timings
from campaign.rules.windows import FOREVER, Span
from campaign.rules.zones import Clues, Place, locate
from campaign.spec import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Clues):
    """Everything about one person that a rule may ask."""

    consent: str | None = None
    """`written`, `express`, `none` or empty as the list says; None: the list has no such column."""
    consent_date: str | None = None
    suppressed: str | None = None
    """Why the number is on the do-not-call list; None: it is not."""


def judge(
    facts: Facts, policy: Policy, now: datetime, history: Sequence[PastDial] = ()
) -> Judgement:
    """Judge one person at one instant; for many, keep a `Judge`."""
    return Judge(policy, now).judge(facts, history)


_Fresh = tuple[Grounds, str | None, str | None]
_REMEMBERED = 50_000


class Judge:
    """Judges people by one policy at one instant; what a place has in common is worked out once."""

    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        self._now = now.astimezone(UTC)
        windows = policy.calling_windows
        self._law = Law(windows) if windows is not None else None
        self._strict_us = windows is not None and windows.zone_mode == "strict_us"
        margin = windows.margin if windows is not None else timedelta(0)
        self._timings = Timings(self._now, margin)
        self._past = PastRules(policy, self._now)
        self._expiry = self._judge_expiry()
        self._grounds: dict[Place, Grounds] = {}
        self._met: dict[int, tuple[Place, Grounds]] = {}
        self._fresh: dict[_Fresh, Judgement] = {}

    @property
    def places(self) -> int:
        """How many different places were met so far."""
        return len(self._grounds)

    def judge_all(self, people: Iterable[tuple[Facts, Sequence[PastDial]]]) -> Iterator[Judgement]:
        """Judge one after the other; holds nobody in memory."""
        return (self.judge(facts, history) for facts, history in people)

    def judge(self, facts: Facts, history: Sequence[PastDial] = ()) -> Judgement:
        """Judge one person; `history`: every time that the number was dialled, in any campaign."""
        grounds = self._grounds_of(locate(facts, strict_us=self._strict_us))
        if history or facts.suppressed is not None:
            return self._judge(grounds, facts, history)
        # Of two people at one place who agreed to the same, never called, all rules say the same.
        alike = (grounds, facts.consent, facts.consent_date)
        known = self._fresh.get(alike)
        if known is None:
            known = self._judge(grounds, facts, ())
            if len(self._fresh) < _REMEMBERED:
                self._fresh[alike] = known
        return known

    def _grounds_of(self, place: Place) -> Grounds:
        """The one `Grounds` of all equal places; found by identity, as to compare them is slow."""
        met = self._met.get(id(place))
        if met is not None:
            return met[1]
        grounds = self._grounds.get(place)
        if grounds is None:
            grounds = Grounds(place, self._policy.calling_windows, self._law, self._timings)
            self._grounds[place] = grounds
        if len(self._met) == _REMEMBERED:
            self._met.clear()
        # The place is kept with it: as long as it lives, nothing else can have its identity.
        self._met[id(place)] = (place, grounds)
        return grounds

    def _judge(self, grounds: Grounds, facts: Facts, history: Sequence[PastDial]) -> Judgement:
        results = [
            _NOT_SUPPRESSED if facts.suppressed is None else _suppressed(facts.suppressed),
            *self._expiry,
            *grounds.results,
            consent_result(
                Said(facts.consent, facts.consent_date), grounds.consent, self._policy, self._now
            ),
        ]
        past = list(self._past.results(grounds, history)) if history else []
        results += past
        if any(result.verdict is Verdict.BLOCKED for result in results):
            return self._blocked(results)
        return self._agree(grounds, history, past, results)

    def _judge_expiry(self) -> tuple[RuleResult, ...]:
        end = self._policy.expires_at
        if end is None:
            return ()
        if self._now >= end:
            return (_expired("the campaign is over"),)
        return (
            RuleResult(
                rule=EXPIRY,
                verdict=Verdict.OK,
                why="the campaign is not over",
                until=end.astimezone(UTC),
                source="policy.expires_at",
            ),
        )

    def _agree(
        self,
        grounds: Grounds,
        history: Sequence[PastDial],
        past: Sequence[RuleResult],
        results: list[RuleResult],
    ) -> Judgement:
        """Find the first instant at which all rules agree: nothing but time is in the way."""
        free = max((each.next_at for each in past if each.next_at is not None), default=self._now)
        parts = self._past.parts_to_try(grounds, history)
        if parts is not None:
            results.append(self._past.time_of_day(grounds, parts))
        span = grounds.opening_from(free, parts) or grounds.opening_from(free)
        if span is None:
            results.append(_NEVER)
            return self._blocked(results)
        end = self._policy.expires_at
        if end is not None and span.start >= end:
            over = _expired("the campaign is over before the next instant that all rules allow")
            return self._blocked([over if each.rule == EXPIRY else each for each in results])
        return self._timely(span, results)

    def _timely(self, span: Span, results: Sequence[RuleResult]) -> Judgement:
        if span.start > self._now:
            return Judgement(
                results=tuple(results),
                verdict=Verdict.LATER,
                at=self._now,
                next_at=span.start,
            )
        ends = [each.until for each in results if each.until is not None]
        until = min([*ends, span.end])
        return Judgement(
            results=tuple(results),
            verdict=Verdict.OK,
            at=self._now,
            until=None if until == FOREVER else until,
        )

    def _blocked(self, results: Sequence[RuleResult]) -> Judgement:
        return Judgement(results=tuple(results), verdict=Verdict.BLOCKED, at=self._now)


_NOT_SUPPRESSED = RuleResult(
    rule=SUPPRESSION, verdict=Verdict.OK, why="the number is not on the do-not-call list"
)
_NEVER = RuleResult(
    rule=AGREEMENT,
    verdict=Verdict.BLOCKED,
    why="there is no instant within 400 days at which all rules agree",
)


def _suppressed(reason: str) -> RuleResult:
    return RuleResult(rule=SUPPRESSION, verdict=Verdict.BLOCKED, why=reason or "suppressed")


def _expired(why: str) -> RuleResult:
    return RuleResult(rule=EXPIRY, verdict=Verdict.BLOCKED, why=why, source="policy.expires_at")
