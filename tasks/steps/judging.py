"""Ask the calling rules about a candidate."""

from collections.abc import Callable
from datetime import datetime

from campaign.candidates import Candidate, Ruling
from campaign.rules.results import Verdict
from campaign.rules.verdict import Facts, Judge
from campaign.spec import CampaignSpec


def judge_of(spec: CampaignSpec, now: datetime) -> Callable[[Candidate], Ruling]:
    """Return the judge of a campaign at one instant; people of the same place are judged once."""
    judge = Judge(spec.policy, now)
    has_consent = spec.recipients.consent is not None

    def rule(candidate: Candidate) -> Ruling:
        facts = Facts(
            e164=candidate.phone_number,
            region=candidate.region,
            timezone=candidate.timezone,
            state=candidate.jurisdiction,
            postcode=candidate.postcode,
            consent=(candidate.consent or "") if has_consent else None,
            consent_date=candidate.consent_date,
        )
        judgement = judge.judge(facts, candidate.history)
        if judgement.verdict is Verdict.OK:
            return Ruling.call()
        if judgement.next_at is not None:
            return Ruling.later(judgement.next_at, judgement.reason)
        if judgement.expired:
            return Ruling.expire(judgement.reason)
        return Ruling.skip(judgement.reason)

    return rule
