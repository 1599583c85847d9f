"""What people and the runner must be able to account for."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from store.database.columns import Row, blob_column, text_column, time_column


class Incident(Row, table=True):
    """Something that must not happen and did; it pauses the campaign until a person has looked."""

    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    batch_id: str | None = None
    kind: str
    """`duplicate_call`, `orphan_call`, `duplicate_submission`, ..."""
    subject: str
    detail: str = text_column()
    about: str = text_column()
    """Names that it is about, parted by blanks, where whoever resolves it vouches for just these.
    """
    at: datetime = time_column(nullable=False)
    resolved_at: datetime | None = time_column()


class Audit(Row, table=True):
    """Append-only: what people decided, by name and reason. Each hash covers the one before."""

    __table_args__ = (CheckConstraint("actor <> ''"), CheckConstraint("reason <> ''"))

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = time_column(nullable=False)
    actor: str
    verb: str
    subject: str
    reason: str = text_column()
    previous_hash: str
    hash: str


class Suppression(Row, table=True):
    """A number that nobody calls, over all campaigns."""

    number_hash: str = Field(primary_key=True)
    """Keyed hash of the E.164 number: a plain one could be reversed by trying all numbers."""
    phone_number: str | None = None
    """In clear where the user did not ask for hashes only."""
    reason: str = text_column()
    source: str = text_column()
    since: datetime = time_column(nullable=False)


class KeptPlan(Row, table=True):
    """A plan that somebody was shown: what a later one is compared with."""

    campaign_name: str = Field(primary_key=True)
    hash: str = Field(primary_key=True)
    at: datetime = time_column(nullable=False)
    content: str
    """The hash of the campaign's content."""
    edition: str = text_column()
    """What the rules were judged by."""
    called: int
    members: bytes = blob_column(nullable=False)
    """Who is called: a short keyed hash of each number, and the provider."""


class LedgerSetting(Row, table=True):
    """Facts about this ledger, such as the secret behind its number hashes."""

    name: str = Field(primary_key=True)
    value: str = text_column()
