"""Who is planned and not sent yet, and what may be in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, select

from campaign.states import AttemptState, BatchState, SubmissionState
from store.database.columns import table_of
from store.tables import Attempt, Batch, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_SUBMISSION = table_of(Submission)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_IN_DOUBT = (SubmissionState.INTENT, SubmissionState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A batch of which a part waits to be sent."""

    batch_no: int
    provider: str
    people: int
    """Planned, and not sent."""
    due_at: datetime | None
    """Aware UTC: when the first of them may be sent; None: nothing was said."""
    why: str
    """Of the first of them; empty: nothing was said."""
    under_way: int
    """Calls placed whose end is not known."""
    doubts: int
    """Submissions that are leaving, or in doubt."""


def unsent(db: Connection, campaign_id: str) -> Iterator[Unsent]:
    """Yield the open batches of a campaign that are not sent whole, the oldest first."""
    b, s, a = _BATCH.c, _SUBMISSION.c, _ATTEMPT.c
    over = [state.value for state in BatchState if state.over]
    query = (
        select(
            b.no,
            b.provider,
            s.state,
            s.due_at,
            s.note,
            func.count().filter(a.state == AttemptState.ASSIGNED.value).label("assigned"),
            func.count().filter(a.state == AttemptState.SUBMITTED.value).label("placed"),
        )
        .join(_SUBMISSION, s.batch_id == b.id)
        .join(_ATTEMPT, a.tag == s.tag)
        .where(b.campaign_id == campaign_id, b.state.not_in(over))
        .group_by(b.id, s.tag)
        .order_by(b.no, s.no)
    )
    for (no, provider), rows in groupby(db.execute(query), lambda row: (row.no, row.provider)):
        said = _of_batch(no, provider, list(rows))
        if said.people:
            yield said


def _of_batch(no: int, provider: str, rows: Sequence[Row[Any]]) -> Unsent:
    planned = [row for row in rows if row.state == SubmissionState.PLANNED.value]
    first = min(planned, key=lambda row: row.due_at or _LONG_AGO, default=None)
    return Unsent(
        batch_no=no,
        provider=provider,
        people=sum(row.assigned for row in planned),
        due_at=first.due_at if first else None,
        why=first.note if first else "",
        under_way=sum(row.placed for row in rows),
        doubts=sum(row.state in _IN_DOUBT for row in rows),
    )
