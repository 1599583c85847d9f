"""Who is held, or may be: submissions in doubt, and people whom a provider never accounted for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from campaign.states import AttemptState, SubmissionState
from store.database.columns import table_of
from store.tables import Attempt, Batch, Call, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_CALL = table_of(Call)
_SUBMISSION = table_of(Submission)

_IN_DOUBT = [SubmissionState.UNKNOWN.value, SubmissionState.HELD.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A submission of which nobody knows whether the provider took it."""

    tag: str
    campaign_id: str
    batch_id: str
    provider: str
    state: SubmissionState
    people: int
    wire_at: datetime | None
    looks: int
    """Look-ups that found nothing."""
    due_at: datetime | None
    """The next look-up."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A person held though the provider took the submission: it never told what became of them."""

    tag: str
    key: str
    """What the provider knows the attempt by."""
    campaign_id: str
    batch_id: str
    provider: str
    provider_call_id: str | None
    """As far as it is known."""
    listed: bool
    """The provider has shown a call, which never ended."""
    dialled_at: datetime | None
    due_at: datetime | None
    """When its list is swept again; None: no more."""
    reason: str


def doubts(db: Connection, campaign_id: str | None = None) -> Iterator[Doubt]:
    """Yield the submissions in doubt, of one campaign or of all, the oldest first."""
    s = _SUBMISSION.c
    people = select(func.count()).where(_ATTEMPT.c.tag == s.tag).scalar_subquery()
    query = (
        select(
            s.tag,
            _BATCH.c.campaign_id,
            s.batch_id,
            s.provider,
            s.state,
            people.label("people"),
            s.wire_at,
            s.looks,
            s.due_at,
            s.note,
        )
        .join(_BATCH, _BATCH.c.id == s.batch_id)
        .where(s.state.in_(_IN_DOUBT))
        .order_by(s.wire_at, s.tag)
    )
    if campaign_id is not None:
        query = query.where(_BATCH.c.campaign_id == campaign_id)
    for row in db.execute(query):
        said: dict[str, Any] = row._asdict() | {"state": SubmissionState(row.state)}
        yield Doubt(**said)


def unanswered(db: Connection, campaign_id: str | None = None) -> Iterator[Unanswered]:
    """Yield the people held within accepted submissions, of one campaign or of all, by tag."""
    a = _ATTEMPT.c
    listed = (
        select(_CALL.c.provider_call_id)
        .where(_CALL.c.recipient_id == a.recipient_id, _CALL.c.attempt_no == a.no)
        .exists()
    )
    query = (
        select(
            a.tag,
            a.key,
            a.campaign_id,
            a.batch_id,
            a.provider,
            a.provider_call_id,
            listed.label("listed"),
            a.dialled_at,
            _BATCH.c.due_at,
            a.reason,
        )
        .join(_BATCH, _BATCH.c.id == a.batch_id)
        .join(_SUBMISSION, _SUBMISSION.c.tag == a.tag)
        # Said twice: few attempts are open, and SQLite finds their index by these very words.
        .where(text("attempt.state IN ('assigned', 'submitted', 'held')"))
        .where(a.state == AttemptState.HELD.value, _SUBMISSION.c.state.not_in(_IN_DOUBT))
        .order_by(_BATCH.c.no, a.tag, a.recipient_id)
    )
    if campaign_id is not None:
        query = query.where(a.campaign_id == campaign_id)
    for row in db.execute(query):
        yield Unanswered(**row._asdict())
