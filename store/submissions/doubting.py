"""How a doubt goes on and ends, other than by finding what was sent."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, select, update

from campaign.pace import next_late_look, next_lookup
from campaign.states import AttemptState, RecipientState, SubmissionState
from store.database.columns import table_of
from store.submissions.deciding import RECIPIENT, close, to_be_stopped
from store.submissions.history import LOG, log
from store.submissions.locking import lock_batch_of
from store.submissions.views import ATTEMPT, SUBMISSION
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


def look_failed(db: Connection, tag: str, now: datetime, *, told: timedelta, reason: str) -> int:
    """The look-up itself failed: it says nothing, and the next one comes a little later each time.

    At the earliest when the provider has `told`. Returns how many have failed in a row.
    """
    log(db, tag, "look_failed", now, detail=reason)
    failed = _failed_in_a_row(db, tag)
    mine = SUBMISSION.c.tag == tag
    looks = db.execute(select(SUBMISSION.c.looks).where(mine)).scalar_one()
    look_at = now + max(next_lookup(looks + failed), told)
    db.execute(update(SUBMISSION).where(mine).values(due_at=look_at))
    return failed


def _failed_in_a_row(db: Connection, tag: str) -> int:
    answered = ["unknown", "recovered_unknown", "not_found"]
    query = select(func.max(LOG.c.id)).where(LOG.c.tag == tag, LOG.c.event.in_(answered))
    last = db.scalar(query) or 0
    failed = (LOG.c.tag == tag) & (LOG.c.event == "look_failed") & (LOG.c.id > last)
    return db.execute(select(func.count()).where(failed)).scalar_one()


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
    lock_batch_of(db, tag)
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
    to_be_stopped(db, tag, now)
    log(db, tag, "planned_again", now, detail=reason)
    return True


def abandon(db: Connection, tag: str, now: datetime, *, reason: str) -> bool:
    """A person gives a held submission up: its people are closed and never called by it.

    It is still looked for, when settled batches are swept, as it may turn up all the same. Returns
    False, and does nothing, if it is not held, or a call of it is known: then it was placed.
    """
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state == SubmissionState.HELD.value,
            ~exists().where(_CALL.c.tag == tag),
        )
        .values(
            state=SubmissionState.ABANDONED.value,
            due_at=next_late_look(now, now, None),
            note=reason,
        )
    )
    if db.execute(statement).rowcount != 1:
        return False
    close(db, tag, AttemptState.FAILED, RecipientState.NOT_REACHED, now=now, reason=reason)
    log(db, tag, "abandoned", now, detail=reason)
    return True


def look_later(db: Connection, tag: str, now: datetime) -> None:
    """Say when to look once more for what is decided: accepted after a doubt, or in vain."""
    decided = ["accepted", "adopted", "adopted by hand", "rejected", "called_off", "abandoned"]
    since = db.scalar(select(func.max(LOG.c.at)).where(LOG.c.tag == tag, LOG.c.event.in_(decided)))
    start_at = db.scalar(select(SUBMISSION.c.start_at).where(SUBMISSION.c.tag == tag))
    due_at = next_late_look(since or now, now, start_at)
    db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(due_at=due_at))
