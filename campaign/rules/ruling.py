"""Judgements as the planner wants them: a candidate in, a ruling out."""

from collections.abc import Callable
from datetime import datetime

from campaign.candidates import Candidate, Ruling
from campaign.rules.results import Judgement, Verdict
from campaign.rules.verdict import Facts, Judge
from campaign.spec import CampaignSpec


def ruler(spec: CampaignSpec, now: datetime) -> Callable[[Candidate], Ruling]:
    """The function that rules on the candidates of one campaign at one instant."""
    judge = Judge(spec.policy, now)
    consent_listed = spec.recipients.consent is not None

    def rule(candidate: Candidate) -> Ruling:
        facts = facts_of(candidate, consent_listed=consent_listed)
        return ruling_of(judge.judge(facts, candidate.history))

    return rule


def facts_of(candidate: Candidate, *, consent_listed: bool, suppressed: str | None = None) -> Facts:
    """What the rules may ask of a candidate; `consent_listed`: the list has such a column."""
    return Facts(
        e164=candidate.phone_number,
        region=candidate.region,
        timezone=candidate.timezone,
        state=candidate.jurisdiction,
        postcode=candidate.postcode,
        country=candidate.country,
        consent=(candidate.consent or "") if consent_listed else None,
        consent_date=candidate.consent_date,
        suppressed=suppressed,
    )


def ruling_of(judgement: Judgement) -> Ruling:
    """What is to be done now, and why."""
    if judgement.verdict is Verdict.OK:
        return Ruling.call(judgement.until)
    if judgement.next_at is not None:
        return Ruling.later(judgement.next_at, judgement.reason)
    return Ruling.expire(judgement.reason) if judgement.expired else Ruling.skip(judgement.reason)
