"""Whether a person has agreed to be called, as far as the rules ask for it."""

from dataclasses import dataclass
from datetime import datetime

from campaign.rules.law import Consent, Needed
from campaign.rules.results import CONSENT, RuleResult, Verdict
from campaign.spec import Policy


@dataclass(frozen=True, slots=True)
class Said:
    """What the list says of one person's consent."""

    kind: str | None
    """None: the list has no column for it."""
    since: str | None


_WAIVED = "the campaign does not ask for consent"
_NOT_ASKED = "no rule asks for consent"


def asks(result: RuleResult) -> bool:
    """Whether anything asks for consent, by what `consent_result` has returned."""
    return result.why not in {_WAIVED, _NOT_ASKED}


def consent_result(said: Said, needed: Needed, policy: Policy, now: datetime) -> RuleResult:
    """Compare what the list says with what is needed.

    A list without a column for it says nothing of anybody: `require_consent: never` is how an
    operator answers for the whole list.
    """
    if policy.require_consent == "never":
        return _result(Verdict.OK, _WAIVED)
    wanted, asking = needed.consent, needed.asking
    if policy.require_consent == "always" and wanted is Consent.NONE:
        wanted = Consent.EXPRESS
    source = asking.source if asking is not None else "policy.require_consent"
    if wanted is Consent.NONE:
        return _result(Verdict.OK, _NOT_ASKED)
    asked = f"{asking.name if asking else 'the campaign'} asks for {wanted.value} consent"
    problem = (
        _NO_COLUMN if said.kind is None else _problem(said.kind, said.since or "", wanted, now)
    )
    verdict = Verdict.BLOCKED if problem else Verdict.OK
    return _result(verdict, f"{asked}; {problem or 'the list has it'}", source)


_NO_COLUMN = (
    "the list has no column for it: name it in recipients.consent, or write require_consent: never"
    " and answer for everybody in it"
)
_WORDS = frozenset(kind.value for kind in Consent)


def _problem(said: str, since: str, needed: Consent, now: datetime) -> str:
    """Why what the list says is not enough; empty if it is."""
    word = said.strip().lower()
    if not word:
        return "the list says nothing"
    if word not in _WORDS:
        return "what the list says cannot be read: write written, express or none"
    if Consent(word).rank < needed.rank:
        return f"the list says {word}"
    return _date_problem(since.strip(), now)


def _date_problem(since: str, now: datetime) -> str:
    if not since:
        return ""
    try:
        given = datetime.fromisoformat(since).date()
    except ValueError:
        return "its date cannot be read: write it as 2026-05-31"
    # A day of grace: the date is local to a place that nobody has told.
    return "its date lies in the future" if (given - now.date()).days > 1 else ""


def _result(verdict: Verdict, why: str, source: str = "policy.require_consent") -> RuleResult:
    return RuleResult(rule=CONSENT, verdict=verdict, why=why, source=source)
