"""Judgements as the planner wants them: a candidate in, a ruling out."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from campaign.candidates import Candidate, Ruling
from campaign.rules.caps import PastDial
from campaign.rules.results import Judgement, Verdict
from campaign.rules.verdict import Facts, Judge
from campaign.spec import CampaignSpec


def ruler(spec: CampaignSpec, now: datetime) -> Callable[[Candidate], Ruling]:
    """The function that rules on the candidates of one campaign at one instant."""
    judge = Judge(spec.policy, now)
    consent_listed = spec.recipients.consent is not None

    def rule(candidate: Candidate) -> Ruling:
        facts = facts_of(candidate, consent_listed=consent_listed)
        return ruling_of(judge.judge(facts, history_of(candidate)))

    return rule


def facts_of(candidate: Candidate, *, consent_listed: bool, suppressed: str | None = None) -> Facts:
    """What the rules may ask of a candidate; `consent_listed`: the list has a column for consent."""
    return Facts(
        e164=candidate.phone_number,
        region=candidate.region,
        timezone=candidate.timezone,
        state=candidate.jurisdiction,
        postcode=candidate.postcode,
        consent=(candidate.consent or "") if consent_listed else None,
        consent_date=candidate.consent_date,
        suppressed=suppressed,
    )


def history_of(candidate: Candidate) -> tuple[PastDial, ...]:
    """When the number was dialled: the campaign's own attempts with their outcomes, and all others."""
    own = tuple(
        PastDial(attempt.dialled_at, attempt.outcome, attempt.closed_at)
        for attempt in candidate.attempts
        if attempt.dialled_at is not None
    )
    # Of an instant that several campaigns share, one is this campaign's attempt.
    others = Counter(candidate.dialled) - Counter(past.at for past in own)
    return own + tuple(PastDial(at, this_campaign=False) for at in sorted(others.elements()))


def ruling_of(judgement: Judgement) -> Ruling:
    """What is to be done now, and why."""
    if judgement.verdict is Verdict.OK:
        return Ruling.call()
    if judgement.next_at is not None:
        return Ruling.later(judgement.next_at, judgement.reason)
    return Ruling.expire(judgement.reason) if judgement.expired else Ruling.skip(judgement.reason)
