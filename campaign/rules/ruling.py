"""Judgements as the planner wants them: a candidate in, a ruling out."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from campaign.candidates import Candidate, Ruling
from campaign.rules.results import Judgement, Verdict
from campaign.rules.verdict import Facts, Judge
from campaign.spec import CampaignSpec


class Listed(Protocol):
    """Somebody of a list, imported or not, as far as the rules ask."""

    @property
    def phone_number(self) -> str:
        """E.164."""
        ...

    @property
    def region(self) -> str | None: ...  # noqa: D102
    @property
    def timezone(self) -> str | None: ...  # noqa: D102
    @property
    def jurisdiction(self) -> str | None: ...  # noqa: D102
    @property
    def postcode(self) -> str | None: ...  # noqa: D102
    @property
    def country(self) -> str | None: ...  # noqa: D102
    @property
    def consent(self) -> str | None: ...  # noqa: D102
    @property
    def consent_date(self) -> str | None: ...  # noqa: D102


def ruler(spec: CampaignSpec, now: datetime) -> Callable[[Candidate], Ruling]:
    """The function that rules on the candidates of one campaign at one instant."""
    judge = Judge(spec.policy, now)
    consent_listed = spec.recipients.consent is not None

    def rule(candidate: Candidate) -> Ruling:
        facts = facts_of(candidate, consent_listed=consent_listed)
        return ruling_of(judge.judge(facts, candidate.history))

    return rule


def facts_of(person: Listed, *, consent_listed: bool, suppressed: str | None = None) -> Facts:
    """What the rules may ask of a person; `consent_listed`: the list has such a column."""
    return Facts(
        e164=person.phone_number,
        region=person.region,
        timezone=person.timezone,
        state=person.jurisdiction,
        postcode=person.postcode,
        country=person.country,
        consent=(person.consent or "") if consent_listed else None,
        consent_date=person.consent_date,
        suppressed=suppressed,
    )


def ruling_of(judgement: Judgement) -> Ruling:
    """What is to be done now, and why."""
    if judgement.verdict is Verdict.OK:
        return Ruling.call(judgement.until)
    if judgement.next_at is not None:
        return Ruling.later(judgement.next_at, judgement.reason)
    return Ruling.expire(judgement.reason) if judgement.expired else Ruling.skip(judgement.reason)
