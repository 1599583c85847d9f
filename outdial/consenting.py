"""What a campaign does about consent, counted over its list as a plan would count it."""

from datetime import datetime

from campaign.rules.consent import asks
from campaign.rules.results import CONSENT
from campaign.rules.ruling import facts_of
from campaign.rules.verdict import Judge
from campaign.spec import CampaignSpec
from store.recipients import NewRecipient


class ConsentCount:
    """Of whom the rules ask for consent, and who is not called for lack of it."""

    def __init__(self, spec: CampaignSpec, now: datetime) -> None:
        self._judge = Judge(spec.policy, now)
        self._waived = spec.policy.require_consent == "never"
        self.column = spec.recipients.consent
        """None: the list has no column for it."""
        self.people = 0
        self.asked = 0
        self.blocked = 0
        """Those whom no rule before this one keeps from being called."""

    def meet(self, person: NewRecipient) -> None:
        """Count somebody of the list."""
        facts = facts_of(person, consent_listed=self.column is not None)
        judgement = self._judge.judge(facts)
        self.people += 1
        self.asked += any(one.rule == CONSENT and asks(one) for one in judgement.results)
        deciding = judgement.deciding
        self.blocked += deciding is not None and deciding.rule == CONSENT

    @property
    def says(self) -> str:
        """The same in a sentence; empty where no rule asks."""
        if self._waived:
            return "nobody is asked for it, by require_consent: never; you answer for the list"
        if not self.asked:
            return ""
        has = f"in column {self.column!r}" if self.column else "the list has no column for it"
        said = f"{has}; asked of {self.asked:,} of {self.people:,} people"
        if not self.blocked:
            return f"{said}, and nobody lacks it"
        said += f", and {self.blocked:,} are not called for lack of it"
        remedy = "name the column in recipients.consent, or write require_consent: never"
        return said if self.column else f"{said}: {remedy} and answer for the list"
