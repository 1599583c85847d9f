"""What a judgement is made of: one result for each rule, in the order in which they were asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.rules.zonedata import zone


class Verdict(StrEnum):
    """What one rule, or all of them, say about calling a person now."""

    OK = "ok"
    LATER = "later"
    """Not now, but time alone will change it."""
    BLOCKED = "blocked"
    """Not as long as nobody changes the list, the campaign or the rules."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The local time that a rule was measured by."""

    zone: str
    local: datetime

    def __str__(self) -> str:
        return f"{self.local:%a %H:%M} in {self.zone}"


def clock_at(zone_name: str, instant: datetime) -> Clock:
    """The clock of a zone at an instant."""
    return Clock(zone_name, instant.astimezone(zone(zone_name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule says, and all that is needed to check it; nothing that names the person."""

    rule: str
    verdict: Verdict
    why: str
    clocks: tuple[Clock, ...] = ()
    """The local times that it was measured by."""
    until: datetime | None = None
    """Aware UTC: OK until then; None: as long as nothing else happens."""
    next_at: datetime | None = None
    """Aware UTC: OK from then on, by this rule alone; only for `LATER`."""
    source: str = ""
    """Law or paragraph of the campaign file that it comes from."""
    duties: str = ""
    """What the rule asks of the call itself; not checked here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a person may be called now, and why."""

    results: tuple[RuleResult, ...]
    verdict: Verdict
    at: datetime
    """The instant that was judged, aware UTC."""
    until: datetime | None = None
    """Aware UTC: calls may start before this instant; None: no rule sets an end. Only for `OK`."""
    next_at: datetime | None = None
    """Aware UTC: the first instant at which all rules agree; only for `LATER`."""

    @property
    def allowed(self) -> bool:
        """The person may be called now."""
        return self.verdict is Verdict.OK

    @property
    def expired(self) -> bool:
        """Blocked because the campaign's time is over before the person may be called."""
        return any(
            result.rule == EXPIRY and result.verdict is Verdict.BLOCKED for result in self.results
        )

    @property
    def deciding(self) -> RuleResult | None:
        """The rule that stands in the way: the first that blocks, else the one that opens last."""
        for result in self.results:
            if result.verdict is Verdict.BLOCKED:
                return result
        waiting = [result for result in self.results if result.next_at is not None]
        return max(waiting, key=lambda result: result.next_at or self.at, default=None)

    @property
    def reason(self) -> str:
        """Why not now, in a line; empty if the person may be called."""
        found = self.deciding
        return "" if found is None else f"{found.rule}: {found.why}"


SUPPRESSION = "do-not-call list"
EXPIRY = "expiry"
PLACE = "place"
CAMPAIGN_HOURS = "campaign hours"
BLACKOUTS = "blackouts"
AGREEMENT = "agreement"
CONSENT = "consent"
ATTEMPTS = "attempts"
CAP = "cap"
GAP = "gap"
TIME_OF_DAY = "time of day"
