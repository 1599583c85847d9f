"""Whom the rules judge before a call is planned, and what they say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from campaign.rules.caps import PastDial


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A recipient whose turn has come, with everything that a rule may ask."""

    recipient_id: int
    campaign_id: str
    provider: str
    phone_number: str
    """E.164."""
    region: str | None
    """Country of the number, ISO 3166 alpha-2."""
    timezone: str | None
    """IANA name, as the list says."""
    jurisdiction: str | None
    """State or province, as the list says."""
    postcode: str | None
    country: str | None
    """Where the person is, ISO 3166 alpha-2, as the list says."""
    consent: str | None
    consent_date: str | None
    consent_source: str | None
    attempts: int
    """Made for this recipient, those that provably came to no call included."""
    history: tuple[PastDial, ...]
    """When this number may have been dialled, in order: all by this campaign, and those of the last
    two months by others."""


class Decision(StrEnum):
    """What is to be done with a candidate."""

    CALL = "call"
    LATER = "later"
    SKIP = "skip"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision and its reason, in words that a person can check."""

    decision: Decision
    reason: str = ""
    due_at: datetime | None = None
    """Aware UTC: judged again then; only for `LATER`."""
    until: datetime | None = None
    """Aware UTC: the call must begin before; None: no rule sets an end. Only for `CALL`."""

    @classmethod
    def call(cls, until: datetime | None = None) -> Self:
        """Call now, and not from `until` on."""
        return cls(Decision.CALL, until=until)

    @classmethod
    def later(cls, due_at: datetime, reason: str) -> Self:
        """Not before `due_at`."""
        return cls(Decision.LATER, reason, due_at)

    @classmethod
    def skip(cls, reason: str) -> Self:
        """Never in this campaign."""
        return cls(Decision.SKIP, reason)

    @classmethod
    def expire(cls, reason: str) -> Self:
        """No longer: its time is over."""
        return cls(Decision.EXPIRE, reason)
