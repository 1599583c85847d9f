"""What comes back: calls, as read and as sent."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from store.database.columns import Money, Row, blob_column, text_column, time_column


class Call(Row, table=True):
    """One telephone call at a provider, in our vocabulary, with the raw answer beside it."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["recipient_id", "attempt_no"], ["attempt.recipient_id", "attempt.no"]
        ),
        Index("ix_call_attempt", "recipient_id", "attempt_no"),
        Index("ix_call_batch", "batch_id", "over"),
        # Few calls wait for a single read: the rest cost this index nothing.
        Index(
            "ix_call_detail",
            "batch_id",
            "detail_due_at",
            sqlite_where=text("detail_due_at IS NOT NULL"),
            postgresql_where=text("detail_due_at IS NOT NULL"),
        ),
    )

    provider: str = Field(primary_key=True)
    provider_call_id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    batch_id: str = Field(foreign_key="batch.id")
    tag: str | None = Field(default=None, foreign_key="submission.tag")
    """NULL: an orphan of a batch with several submissions."""
    recipient_id: int | None = None
    """NULL: an orphan, a call in our batch that no attempt of ours explains (see `incident`)."""
    attempt_no: int | None = None
    beside: bool = False
    """Of a batch that should not be (see `surplus`): decides nothing unless it reached somebody."""
    over: bool = False
    outcome: str = "unknown"
    ended_reason: str = text_column()
    answered_by: str | None = None
    started_at: datetime | None = time_column()
    ended_at: datetime | None = time_column()
    duration_seconds: float | None = None
    cost_usd: Decimal | None = Field(default=None, sa_type=Money, nullable=True)
    transcript: str | None = text_column(default=None, nullable=True)
    recording_url: str | None = text_column(default=None, nullable=True)
    analysis: str | None = text_column(default=None, nullable=True)
    """JSON text."""
    opted_out: bool = False
    missing: str = text_column()
    """Late fields still to come, parted by blanks; empty: the call is settled."""
    detail_due_at: datetime | None = time_column()
    """Read it singly then; NULL: no need."""
    detail_reads: int = 0
    raw: bytes = blob_column(nullable=False)
    """The last listed row as the provider sent it, scrubbed of secrets."""
    raw_sha256: str
    raw_detail: bytes | None = blob_column()
    """The last single read."""
    version: int = 1
    first_seen: datetime = time_column(nullable=False)
    last_changed: datetime = time_column(nullable=False)


class CallVersion(Row, table=True):
    """Every earlier raw row of a call, byte for byte."""

    provider: str = Field(primary_key=True)
    provider_call_id: str = Field(primary_key=True)
    raw_sha256: str = Field(primary_key=True)
    raw: bytes = blob_column(nullable=False)
    seen_at: datetime = time_column(nullable=False)


class UnreadRow(Row, table=True):
    """A row of a provider's page that could not be read: kept raw and shown, never dropped."""

    __table_args__ = (UniqueConstraint("batch_id", "raw_sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    batch_id: str = Field(foreign_key="batch.id")
    raw: bytes = blob_column(nullable=False)
    raw_sha256: str
    problem: str = text_column()
    first_seen: datetime = time_column(nullable=False)
