"""What is known about a submission."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from campaign.calls import CallRequest, SubmissionRef
from campaign.states import AttemptState, CampaignState, SubmissionState
from store.database.columns import UtcDateTime, table_of
from store.tables import Attempt, Batch, Campaign, Recipient, Submission, SubmitLog

SUBMISSION = table_of(Submission)
ATTEMPT = table_of(Attempt)
LOG = table_of(SubmitLog)
_RECIPIENT = table_of(Recipient)
_CAMPAIGN = table_of(Campaign)
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
_WAITS_FOR_ITS_START = (SUBMISSION.c.state == SubmissionState.ACCEPTED.value) & (
    SUBMISSION.c.started_at.is_(None)
)
_TO_BE_SENT = or_(SUBMISSION.c.state == SubmissionState.PLANNED.value, _WAITS_FOR_ITS_START)
_IN_DOUBT = SUBMISSION.c.state.in_([SubmissionState.UNKNOWN.value, SubmissionState.HELD.value])
_LOOKED_FOR_STILL = (
    SUBMISSION.c.state.in_([state.value for state in DECIDED])
    & SUBMISSION.c.due_at.is_not(None)
    & ~_WAITS_FOR_ITS_START
)
_EARLIEST = select(
    func.min(func.coalesce(SUBMISSION.c.due_at, bindparam("now", type_=UtcDateTime())))
).where(SUBMISSION.c.batch_id == bindparam("its_id"))
_NEXT_TO_BE_SENT = _EARLIEST.where(_TO_BE_SENT)
_NEXT_LOOKED_FOR = _EARLIEST.where(or_(_IN_DOUBT, _LOOKED_FOR_STILL))


def to_be_sent_at(db: Connection, batch_id: str, now: datetime) -> datetime | None:
    """When the next submission of a batch is to be sent or started; at the earliest now.

    None: none is.
    """
    due_at = db.scalar(_NEXT_TO_BE_SENT, {"its_id": batch_id, "now": now})
    return None if due_at is None else max(due_at, now)


def looked_for_at(db: Connection, batch_id: str, now: datetime) -> datetime | None:
    """When the next submission of a batch is to be looked up; at the earliest now. None: none."""
    due_at = db.scalar(_NEXT_LOOKED_FOR, {"its_id": batch_id, "now": now})
    return None if due_at is None else max(due_at, now)


def sent_tags(db: Connection, campaign_id: str) -> frozenset[str]:
    """The tags of a campaign's submissions of which a byte may ever have left."""
    query = (
        select(SUBMISSION.c.tag)
        .join(_BATCH, _BATCH.c.id == SUBMISSION.c.batch_id)
        .where(_BATCH.c.campaign_id == campaign_id, SUBMISSION.c.sent_at.is_not(None))
    )
    return frozenset(db.scalars(query))


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


def times(db: Connection, tag: str, *events: str) -> int:
    """How often one of these things happened to a submission."""
    query = select(func.count()).where(LOG.c.tag == tag, LOG.c.event.in_(events))
    return db.execute(query).scalar_one()


def came_to_nothing(db: Connection, tag: str) -> bool:
    """Whether a submission was refused, called off or given up, even if it has turned up since.

    Nobody wants what turns up of it: its people were moved on.
    """
    return times(db, tag, "rejected", "called_off", "abandoned", "given_up") > 0


def claims_in_vain(db: Connection, tag: str, event: str) -> int:
    """How many claims of a submission in a row came to this, and to nothing else."""
    others = select(func.coalesce(func.max(LOG.c.id), 0)).where(
        LOG.c.tag == tag, LOG.c.event.not_in([event, "intent"])
    )
    query = select(func.count()).where(
        LOG.c.tag == tag, LOG.c.event == event, LOG.c.id > others.scalar_subquery()
    )
    return db.execute(query).scalar_one()


def campaign_state(db: Connection, tag: str) -> CampaignState:
    """Where the campaign behind a submission stands, and will until this transaction has ended."""
    query = (
        select(_CAMPAIGN.c.state)
        .join(_BATCH, _BATCH.c.campaign_id == _CAMPAIGN.c.id)
        .join(SUBMISSION, SUBMISSION.c.batch_id == _BATCH.c.id)
        .where(SUBMISSION.c.tag == tag)
        .with_for_update(read=True, of=_CAMPAIGN)
    )
    return CampaignState(db.execute(query).scalar_one())


def log(
    db: Connection,
    tag: str,
    event: str,
    now: datetime,
    *,
    epoch: int = 0,
    body_sha256: str = "",
    status: int | None = None,
    request_id: str = "",
    detail: str = "",
) -> None:
    """Append to the story of a submission."""
    db.execute(
        LOG.insert().values(
            tag=tag,
            epoch=epoch,
            at=now,
            event=event,
            body_sha256=body_sha256,
            status=status,
            request_id=request_id,
            detail=detail,
        )
    )
