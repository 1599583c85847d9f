"""How a doubt goes on and ends, other than by finding what was sent."""

from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from campaign.states import AttemptState, RecipientState, SubmissionState
from store.database.columns import table_of
from store.submissions.deciding import RECIPIENT, close
from store.submissions.views import ATTEMPT, SUBMISSION, log
from store.tables import Call

_CALL = table_of(Call)


def looked_in_vain(db: Connection, tag: str, looks: int, now: datetime, look_at: datetime) -> None:
    """A look-up found nothing, which proves nothing: look again at `look_at`."""
    db.execute(
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.looks == looks)
        .values(looks=looks + 1, due_at=look_at)
    )
    log(db, tag, "not_found", now)


def look_failed(db: Connection, tag: str, now: datetime, look_at: datetime, reason: str) -> None:
    """The look-up itself failed: it does not count."""
    db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(due_at=look_at))
    log(db, tag, "look_failed", now, detail=reason)


def hold(db: Connection, tag: str, now: datetime, *, look_at: datetime, reason: str) -> bool:
    """Give up deciding: nobody of this submission is called, and it is still looked for."""
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state == SubmissionState.UNKNOWN.value)
        .values(state=SubmissionState.HELD.value, due_at=look_at, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    members = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.ASSIGNED.value)
    people = select(ATTEMPT.c.recipient_id).where(members)
    db.execute(
        update(RECIPIENT)
        .where(RECIPIENT.c.id.in_(people))
        .values(state=RecipientState.HELD.value, reason="in doubt whether a call was placed")
    )
    db.execute(update(ATTEMPT).where(members).values(state=AttemptState.HELD.value, reason=reason))
    log(db, tag, "held", now, detail=reason)
    return True


def plan_again(
    db: Connection, tag: str, now: datetime, *, state: SubmissionState, reason: str
) -> bool:
    """Send anew what is in doubt in a `state`.

    Only where the first request cannot ring anybody, or where a person vouches for it. Returns
    False, and does nothing, if it is in another state, or a call of it is known.
    """
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state == state.value,
            ~exists().where(_CALL.c.tag == tag),
        )
        .values(
            state=SubmissionState.PLANNED.value,
            epoch=SUBMISSION.c.epoch + 1,
            owner="",
            wire_at=None,
            due_at=None,
            looks=0,
            note=reason,
        )
    )
    if db.execute(statement).rowcount != 1:
        return False
    held = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.HELD.value)
    people = select(ATTEMPT.c.recipient_id).where(held)
    db.execute(
        update(RECIPIENT)
        .where(RECIPIENT.c.id.in_(people))
        .values(state=RecipientState.OPEN.value, reason="")
    )
    db.execute(update(ATTEMPT).where(held).values(state=AttemptState.ASSIGNED.value, reason=""))
    db.execute(update(ATTEMPT).where(ATTEMPT.c.tag == tag).values(dialled_at=None))
    log(db, tag, "planned_again", now, detail=reason)
    return True


def abandon(db: Connection, tag: str, now: datetime, *, reason: str) -> bool:
    """A person gives a held submission up: its people are closed and never called by it."""
    statement = (
        update(SUBMISSION)
        .where(SUBMISSION.c.tag == tag, SUBMISSION.c.state == SubmissionState.HELD.value)
        .values(state=SubmissionState.ABANDONED.value, due_at=None, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    close(db, tag, AttemptState.FAILED, RecipientState.NOT_REACHED, now=now, reason=reason)
    log(db, tag, "abandoned", now, detail=reason)
    return True
