"""Campaigns, their lists and their people."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from campaign.states import CampaignState, RecipientState
from store.database.columns import Row, blob_column, text_column, time_column


class Campaign(Row, table=True):
    """One campaign: its file as it was run last, and where it stands."""

    id: str = Field(primary_key=True)
    """Eight characters; part of every name that a provider sees."""
    name: str = Field(unique=True)
    secret: bytes = blob_column(nullable=False)
    """Makes the attempt keys."""
    spec: str = text_column()
    """The campaign file as JSON."""
    base_dir: str = text_column()
    """Where relative paths in the file start."""
    state: str = Field(default=CampaignState.DRAFT.value, index=True)
    state_reason: str = text_column()
    canary: str = ""
    """How its canary wave was judged: `passed`, `failed`, or `waived` by a person."""
    failures_since: datetime | None = time_column()
    """Calls planned before do not count as failures of a provider: a person has looked at them."""
    flow_run_id: str | None = None
    """The Prefect flow run that looks after it, or did last."""
    handed_over: bool = False
    """Its flow run has suspended itself: the sweeper goes on with it."""
    progress_artifact_id: str | None = None
    plan: str | None = None
    """The hash of the plan that it is run by; empty: of one that is still to be approved; NULL: it
    is run without."""
    plan_bound_at: datetime | None = time_column()
    """Since then nobody else can get into it; NULL with a plan: nobody is called."""
    created_at: datetime = time_column(nullable=False)
    changed_at: datetime = time_column(nullable=False)


class Import(Row, table=True):
    """One reading of a recipient list. Counts are of rows."""

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    source: str = text_column()
    flow_run_id: str | None = None
    """The Prefect flow run that read it: one that is resumed does not read again."""
    started_at: datetime = time_column(nullable=False)
    finished_at: datetime | None = time_column()
    listed: int = 0
    accepted: int = 0
    """New recipients."""
    duplicates: int = 0
    """Rows whose number is in the campaign already."""
    rejected: int = 0


class Recipient(Row, table=True):
    """One person in one campaign."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "phone_number"),
        Index("ix_recipient_due", "campaign_id", "state", "provider", "due_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id")
    external_id: str | None = None
    """The user's own id of the person."""
    phone_number: str
    """E.164."""
    source_row: int = 0
    """Row of the list, the header being row 1."""
    provider: str
    """Fixed at import by the campaign's split."""
    variables: str = text_column(default="{}")
    """JSON object of strings, as the agent will be told."""
    region: str | None = None
    """Country of the number, ISO 3166 alpha-2."""
    timezone: str | None = None
    jurisdiction: str | None = None
    """State or province as the list says."""
    postcode: str | None = None
    country: str | None = None
    """Where the person is, ISO 3166 alpha-2, as the list says."""
    consent: str | None = None
    consent_date: str | None = None
    consent_source: str | None = None
    state: str = Field(default=RecipientState.READY.value)
    reason: str = text_column()
    """Why it is in this state, in words."""
    due_at: datetime | None = time_column()
    """Not called before; NULL: at once."""
    imported_at: datetime = time_column(nullable=False)
