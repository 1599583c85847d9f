"""What is known about a submission."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, bindparam, func, select

from campaign.calls import CallRequest, SubmissionRef
from campaign.states import AttemptState, SubmissionState
from store.database.columns import table_of
from store.submissions.history import LOG, came_to_nothing
from store.tables import Attempt, Batch, Recipient, Submission

SUBMISSION = table_of(Submission)
ATTEMPT = table_of(Attempt)
_RECIPIENT = table_of(Recipient)
_BATCH = table_of(Batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionView:
    """One submission as the ledger has it. Times are aware UTC."""

    tag: str
    batch_id: str
    provider: str
    state: SubmissionState
    epoch: int
    owner: str
    intent_at: datetime | None
    wire_at: datetime | None
    sent_at: datetime | None
    start_at: datetime | None
    stop_at: datetime | None
    provider_batch_id: str | None
    start_wire_at: datetime | None
    started_at: datetime | None
    looks: int
    due_at: datetime | None
    note: str


def view_of(row: Row[Any]) -> SubmissionView:
    """Read a row of `submission`."""
    return SubmissionView(
        tag=row.tag,
        batch_id=row.batch_id,
        provider=row.provider,
        state=SubmissionState(row.state),
        epoch=row.epoch,
        owner=row.owner,
        intent_at=row.intent_at,
        wire_at=row.wire_at,
        sent_at=row.sent_at,
        start_at=row.start_at,
        stop_at=row.stop_at,
        provider_batch_id=row.provider_batch_id,
        start_wire_at=row.start_wire_at,
        started_at=row.started_at,
        looks=row.looks,
        due_at=row.due_at,
        note=row.note,
    )


# Built once, as those below: to put a query together takes longer than to run it.
_OF_BATCH = (
    select(SUBMISSION)
    .where(
        SUBMISSION.c.batch_id == bindparam("its_id"),
        SUBMISSION.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(SUBMISSION.c.no)
)
_GET = select(SUBMISSION).where(SUBMISSION.c.tag == bindparam("its_tag"))


def of_batch(
    db: Connection, batch_id: str, states: Sequence[SubmissionState] = ()
) -> list[SubmissionView]:
    """The submissions of a batch, in order; of some states only, if any are named."""
    wanted = [state.value for state in states or SubmissionState]
    rows = db.execute(_OF_BATCH, {"its_id": batch_id, "states": wanted})
    return [view_of(row) for row in rows]


DECIDED = (SubmissionState.ACCEPTED, SubmissionState.REJECTED, SubmissionState.ABANDONED)
"""Nothing more is sent of it; one that was ever in doubt may be looked for still."""


def batch_of(tag: str) -> ScalarSelect[str]:
    """The id of a submission's batch, within a query."""
    return select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag).scalar_subquery()


def sent_tags(db: Connection, campaign_id: str) -> frozenset[str]:
    """The tags of a campaign's submissions of which a byte may ever have left."""
    query = (
        select(SUBMISSION.c.tag)
        .join(_BATCH, _BATCH.c.id == SUBMISSION.c.batch_id)
        .where(_BATCH.c.campaign_id == campaign_id, SUBMISSION.c.sent_at.is_not(None))
    )
    return frozenset(db.scalars(query))


_PUT_BACK = (SUBMISSION.c.state == SubmissionState.PLANNED.value) & SUBMISSION.c.sent_at.is_not(
    None
)


def put_back_tags(db: Connection, campaign_id: str) -> frozenset[str]:
    """The tags of what was sent once and is planned again: refused for now, or vouched for."""
    query = (
        select(SUBMISSION.c.tag)
        .join(_BATCH, _BATCH.c.id == SUBMISSION.c.batch_id)
        .where(
            _BATCH.c.campaign_id == campaign_id,
            _PUT_BACK,
        )
    )
    return frozenset(db.scalars(query))


def last_put_back(db: Connection, batch_id: str) -> int:
    """The event by which something of a batch came to be planned again; 0: nothing is."""
    query = (
        select(func.max(LOG.c.id))
        .join(SUBMISSION, SUBMISSION.c.tag == LOG.c.tag)
        .where(
            SUBMISSION.c.batch_id == batch_id,
            _PUT_BACK,
            LOG.c.event == "planned_again",
        )
    )
    return db.scalar(query) or 0


def get(db: Connection, tag: str) -> SubmissionView | None:
    """One submission by its tag."""
    row = db.execute(_GET, {"its_tag": tag}).first()
    return None if row is None else view_of(row)


def reference(db: Connection, tag: str) -> SubmissionRef:
    """What a provider needs to find it again.

    Whoever was taken out before it was sent is not in it; of what was called off everybody was, and
    may turn up all the same, some sooner and some later.
    """
    submission = get(db, tag)
    if submission is None:
        raise LookupError(tag)
    since = submission.sent_at or submission.intent_at
    if since is None:
        raise ValueError(f"{tag} was never claimed")
    keys = select(ATTEMPT.c.key).where(ATTEMPT.c.tag == tag)
    if not came_to_nothing(db, tag):
        keys = keys.where(ATTEMPT.c.state != AttemptState.SKIPPED.value)
    return SubmissionRef(
        tag=tag,
        provider_batch_id=submission.provider_batch_id,
        since=since,
        keys=frozenset(db.scalars(keys)),
    )


def calls_to_place(db: Connection, tag: str) -> tuple[CallRequest, ...]:
    """The calls of a planned submission, in the order in which they were planned."""
    query = (
        select(ATTEMPT.c.key, ATTEMPT.c.phone_number, ATTEMPT.c.from_number, _RECIPIENT.c.variables)
        .join(_RECIPIENT, _RECIPIENT.c.id == ATTEMPT.c.recipient_id)
        .where(ATTEMPT.c.tag == tag, ATTEMPT.c.state == AttemptState.ASSIGNED.value)
        .order_by(ATTEMPT.c.recipient_id)
    )
    return tuple(
        CallRequest(
            key=row.key,
            to=row.phone_number,
            variables=json.loads(row.variables),
            from_number=row.from_number,
        )
        for row in db.execute(query)
    )
