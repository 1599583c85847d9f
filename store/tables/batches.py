"""What is submitted: batches, submissions, attempts."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from campaign.states import AttemptState, BatchState, SubmissionState
from store.database.columns import Money, Row, blob_column, text_column, time_column


class Batch(Row, table=True):
    """What one flow run looks after: some recipients of one campaign at one provider."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "no"),
        Index("ix_batch_due", "state", "due_at"),
    )

    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id")
    no: int
    provider: str
    state: str = Field(default=BatchState.SUBMITTING.value)
    note: str = text_column()
    """What it waits for, in words."""
    due_at: datetime | None = time_column()
    """The next step is due; NULL: none is."""
    stepped_at: datetime | None = time_column()
    """The last step was done: a hint from outside makes the next come sooner, not too soon."""
    progress: str = text_column()
    """The last look's word, in our vocabulary."""
    over_at: datetime | None = time_column()
    """When the provider was first seen to be over with it."""
    cursor: str | None = text_column(default=None, nullable=True)
    """Where the current sweep goes on; NULL: at the beginning."""
    round: int = 0
    """Sweeps completed, or begun anew."""
    round_changed: bool = False
    """The current sweep brought something new."""
    clean_rounds: int = 0
    """Sweeps in a row that brought nothing new."""
    total: int | None = None
    """Calls that the provider has, as it said last; NULL: it does not say."""
    failures: int = 0
    """Failed looks in a row: the back-off."""
    stop_asked_at: datetime | None = time_column()
    stopped_at: datetime | None = time_column()
    settled_at: datetime | None = time_column()
    late_sweeps: int = 0
    """Sweeps done after it settled."""
    created_at: datetime = time_column(nullable=False)


class Submission(Row, table=True):
    """One request to a dialling endpoint, with everything that was known before and after it."""

    __table_args__ = (
        UniqueConstraint("provider", "provider_batch_id"),
        Index("ix_submission_pace", "account", "paced_at"),
    )

    tag: str = Field(primary_key=True)
    batch_id: str = Field(foreign_key="batch.id", index=True)
    no: int
    provider: str
    state: str = Field(default=SubmissionState.PLANNED.value, index=True)
    epoch: int = 0
    """Counts the claims: a runner that was overtaken cannot write with an old one."""
    owner: str = text_column()
    lease_until: datetime | None = time_column()
    body: bytes | None = blob_column()
    """The exact bytes of the last claim."""
    body_sha256: str = text_column()
    account: str | None = Field(default=None, foreign_key="account.id")
    """Whose calls they are, since the last claim."""
    lines: int = 0
    """Calls of it that may be under way at the same time."""
    paced_at: datetime | None = time_column()
    """The last moment at which its calls may have been placed, as far as is known: what calls per
    minute count. NULL: provably none were."""
    intent_at: datetime | None = time_column()
    wire_at: datetime | None = time_column()
    """The wire mark: a byte may have left after this. NULL: nothing was sent."""
    sent_at: datetime | None = time_column()
    """The first wire mark of all claims: what that claim sent may turn up at any time."""
    start_at: datetime | None = time_column()
    """Nobody is dialled before, by the body's own start time."""
    stop_at: datetime | None = time_column()
    """No call may begin from then on: the first of its people's windows closes. NULL: none does."""
    provider_batch_id: str | None = None
    accepted_at: datetime | None = time_column()
    start_wire_at: datetime | None = time_column()
    """Two-phase providers: a start may have been sent after this."""
    started_at: datetime | None = time_column()
    """The provider may dial since; NULL: it waits for our start."""
    looks: int = 0
    """Look-ups by tag while it is in doubt."""
    due_at: datetime | None = time_column()
    """The next try or look-up; NULL: at once."""
    note: str = text_column()


class Surplus(Row, table=True):
    """What a provider has of a submission beyond what counts: to be stopped, and collected too."""

    tag: str = Field(foreign_key="submission.tag", primary_key=True)
    name: str = Field(primary_key=True)
    """The provider's id: of a batch, or of a call where it has none."""
    key: str | None = None
    """Of a call: whose. NULL: it is a batch."""
    batch_id: str = Field(foreign_key="batch.id", index=True)
    found_at: datetime = time_column(nullable=False)
    due_at: datetime | None = time_column()
    """The next try to have it stopped; NULL: none."""
    failures: int = 0
    """Stops that failed: the back-off."""
    stopped_at: datetime | None = time_column()
    """The provider took the stop."""


class SubmitLog(Row, table=True):
    """Append-only: what happened to each submission, claim by claim."""

    id: int | None = Field(default=None, primary_key=True)
    tag: str = Field(foreign_key="submission.tag", index=True)
    epoch: int
    at: datetime = time_column(nullable=False)
    event: str
    body_sha256: str = text_column()
    status: int | None = None
    request_id: str = text_column()
    detail: str = text_column()
    """The provider's own words, or ours."""


class Attempt(Row, table=True):
    """One counted try to reach one recipient."""

    __table_args__ = (
        # At most one open attempt per number, over all campaigns.
        Index(
            "uq_attempt_open_number",
            "phone_number",
            unique=True,
            sqlite_where=text("state IN ('assigned', 'submitted', 'held')"),
            postgresql_where=text("state IN ('assigned', 'submitted', 'held')"),
        ),
        Index("ix_attempt_number", "phone_number", "dialled_at"),
        Index("ix_attempt_latest", "campaign_id", "provider", "created_at"),
        Index("ix_attempt_call", "provider", "provider_call_id"),
        Index("ix_attempt_batch", "batch_id", "state"),
    )

    recipient_id: int = Field(foreign_key="recipient.id", primary_key=True)
    no: int = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id")
    batch_id: str = Field(foreign_key="batch.id")
    tag: str = Field(foreign_key="submission.tag", index=True)
    key: str = Field(unique=True)
    """Its name at the provider."""
    phone_number: str
    from_number: str | None = None
    provider: str
    state: str = Field(default=AttemptState.ASSIGNED.value)
    reason: str = text_column()
    outcome: str | None = None
    """Of its last call."""
    provider_call_id: str | None = None
    """As the answer to the submit told it; the call itself may not be listed yet."""
    dialled_at: datetime | None = time_column()
    """The wire mark of its submission: a telephone may have rung since. NULL: provably not
    dialled."""
    reserved_usd: Decimal | None = Field(default=None, sa_type=Money, nullable=True)
    """What it was given of the campaign's budget. NULL: there was no budget."""
    created_at: datetime = time_column(nullable=False)
    closed_at: datetime | None = time_column()
