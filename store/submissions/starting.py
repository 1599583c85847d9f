"""Two-phase providers: what was created rings nobody until it is started, by id."""

from datetime import datetime

from sqlalchemy import Connection, update

from campaign.errors import Stopped
from campaign.states import AttemptState, SubmissionState
from store.submissions.claiming import refuse_if_stopped
from store.submissions.views import ATTEMPT, SUBMISSION, log


def mark_start(db: Connection, tag: str, now: datetime) -> None:
    """Commit that the start may leave now.

    Safe to repeat, as a start goes by id. Raises `Stopped`.
    """
    refuse_if_stopped(db, tag)
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state == SubmissionState.ACCEPTED.value,
            SUBMISSION.c.started_at.is_(None),
        )
        .values(start_wire_at=now)
    )
    if db.execute(statement).rowcount != 1:
        raise Stopped("the batch was started meanwhile")
    open_attempts = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.SUBMITTED.value)
    db.execute(update(ATTEMPT).where(open_attempts).values(dialled_at=now))
    log(db, tag, "start_wire", now)


def started(db: Connection, tag: str, now: datetime) -> None:
    """Record that the provider dials now."""
    db.execute(
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.started_at.is_(None))
        .values(started_at=now, due_at=None, note="")
    )
    log(db, tag, "started", now)


def start_again_at(
    db: Connection, tag: str, again_at: datetime, now: datetime, reason: str
) -> None:
    """The start did not work, or nobody knows: the same again, by id."""
    db.execute(
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.started_at.is_(None))
        .values(due_at=again_at, note=reason)
    )
    log(db, tag, "start_failed", now, detail=reason)
