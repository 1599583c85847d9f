"""When something is to be done about a batch's submissions."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select

from campaign.states import SubmissionState
from store.database.columns import UtcDateTime
from store.submissions.views import DECIDED, SUBMISSION

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
