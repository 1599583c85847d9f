"""A campaign: its contacts, and where it is at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campaign.words import Outcome
from simulator.calls import Call
from simulator.dialects.vapi.settings import VapiSettings
from simulator.lanes import Lane
from simulator.people import Reaction

PER_MINUTE = 0.1
"""USD."""
_UNANSWERED = frozenset({Reaction.NO_ANSWER, Reaction.BUSY})
_FAILED = frozenset({Reaction.FAILED, Reaction.INVALID_NUMBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person of a campaign, and the call that is waiting or made."""

    id: str
    call: Call
    name: str

    def status(self, moment: float, settings: VapiSettings) -> str:
        """The contact's status as of a moment."""
        if not self.dispatched(moment):
            return settings.leftover if self.call.over(moment) else "contact.pending"
        if not self.call.over(moment):
            return "contact.dispatched"
        if self.call.reaction in _UNANSWERED:
            return settings.unanswered
        broken = self.call.reaction in _FAILED and self.call.outcome is not Outcome.CANCELLED
        return "contact.failed" if broken else "contact.completed"

    def dispatched(self, moment: float) -> bool:
        """Its telephone had rung."""
        return self.call.rang_at is not None and self.call.rang_at <= moment


@dataclass(slots=True, eq=False, kw_only=True)
class Campaign:
    """A campaign. Moments are wall clock; ask with the moment of the reader."""

    id: str
    config: Mapping[str, Any]
    """What was sent, without the customers, or copied."""
    customers: list[dict[str, Any]]
    """As sent, for a copy."""
    created_at: float
    starts_at: float
    lane: Lane
    everyone: list[Contact] = field(default_factory=list[Contact])
    cancelled_at: float | None = None
    cancelled_from: str = ""
    """Its status when it was cancelled."""
    archived_at: float | None = None

    @property
    def contacts(self) -> list[Contact]:
        """In the order of upload; whom the provider has lost is not among them."""
        return [contact for contact in self.everyone if not contact.call.dropped]

    def status(self, moment: float) -> str:
        """The campaign's status as of a moment."""
        if self.archived_at is not None and self.archived_at <= moment:
            return "archived"
        if self.cancelled_at is not None and self.cancelled_at <= moment:
            return "cancelled"
        if moment < self.starts_at:
            return "scheduled"
        over = all(contact.call.over(moment) for contact in self.contacts)
        return "ended" if over else "in-progress"

    def ended_reason(self, moment: float) -> str | None:
        """Why it is over; None while it is not."""
        if self.cancelled_at is not None and self.cancelled_at <= moment:
            return f"campaign.{self.cancelled_from}.ended-by-user"
        over = moment >= self.starts_at and all(
            contact.call.over(moment) for contact in self.contacts
        )
        return "campaign.ended.success" if over else None

    def updated_at(self, moment: float) -> float:
        """The last change before a moment."""
        changes = [self.created_at, self.starts_at, self.cancelled_at, self.archived_at]
        changes += [contact.call.rang_at for contact in self.contacts]
        changes += [contact.call.over_at for contact in self.contacts]
        return max(change for change in changes if change is not None and change <= moment)

    @property
    def talk_seconds(self) -> int:
        """Of all calls together."""
        return sum(contact.call.talk_seconds for contact in self.contacts)

    @property
    def cost(self) -> float:
        """USD of all calls together."""
        return sum(contact.call.cost(PER_MINUTE) for contact in self.contacts)
