"""Before the first byte: claim, wire mark, and what becomes of a claim whose owner is gone."""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from campaign.errors import Stopped
from campaign.states import AttemptState, SubmissionState
from store.allowance.gate import refuse_beyond
from store.database.columns import UtcDateTime, instant
from store.database.room import refuse_without_room
from store.planning.choosing import Judge
from store.submissions.history import log
from store.submissions.locking import still_planned
from store.submissions.placed import refuse_placed
from store.submissions.screening import refuse_if_stopped, refuse_uncallable
from store.submissions.views import ATTEMPT, SUBMISSION, view_of


def claim(
    db: Connection,
    tag: str,
    *,
    owner: str,
    body: bytes,
    keys: Collection[str],
    start_at: datetime | None,
    now: datetime,
    lease: timedelta,
) -> int | None:
    """Write down that this body is about to be sent; `keys`: of the attempts that it calls.

    Returns the claim's epoch; None: somebody else has it, it is decided, or not due yet, or the
    body was composed for other people than those who are in it by now.
    """
    if not still_planned(db, tag) or _keys(db, tag) != set(keys):
        return None
    digest = hashlib.sha256(body).hexdigest()
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state == SubmissionState.PLANNED.value,
            or_(SUBMISSION.c.due_at.is_(None), SUBMISSION.c.due_at <= now),
        )
        .values(
            state=SubmissionState.INTENT.value,
            epoch=SUBMISSION.c.epoch + 1,
            owner=owner,
            lease_until=database_clock(db, now) + lease,
            body=body,
            body_sha256=digest,
            intent_at=now,
            wire_at=None,
            start_at=start_at,
            due_at=None,
        )
        .returning(SUBMISSION.c.epoch)
    )
    epoch = db.execute(statement).scalar_one_or_none()
    if epoch is not None:
        log(db, tag, "intent", now, epoch=epoch, body_sha256=digest)
    return epoch


def _keys(db: Connection, tag: str) -> set[str]:
    waiting = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.state == AttemptState.ASSIGNED.value)
    return set(db.scalars(select(ATTEMPT.c.key).where(waiting)))


def mark_wire(
    db: Connection, tag: str, epoch: int, now: datetime, *, dials: bool, judge: Judge | None = None
) -> None:
    """Commit that the first byte may leave now. The last place where anything can still be stopped.

    `dials` is False where creating rings nobody; `judge` rules on everybody once more. Raises
    `Stopped`: not one byte may leave.
    """
    refuse_without_room(db)
    refuse_placed(db, tag)
    refuse_uncallable(db, tag, now, judge)
    refuse_beyond(db, tag)
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
            SUBMISSION.c.wire_at.is_(None),
        )
        .values(wire_at=now, sent_at=func.coalesce(SUBMISSION.c.sent_at, instant(now)))
    )
    if db.execute(statement).rowcount != 1:
        raise Stopped("another runner has taken this submission over")
    if dials:
        _mark_dialled(db, tag, now)
    log(db, tag, "wire", now, epoch=epoch)
    refuse_if_stopped(db, tag)


def _mark_dialled(db: Connection, tag: str, now: datetime) -> None:
    """From now on the attempts count: a telephone may ring."""
    statement = update(ATTEMPT).where(
        ATTEMPT.c.tag == tag, ATTEMPT.c.state == AttemptState.ASSIGNED.value
    )
    db.execute(statement.values(dialled_at=now))


def release(
    db: Connection,
    tag: str,
    epoch: int,
    now: datetime,
    *,
    reason: str,
    again_at: datetime | None = None,
    status: int | None = None,
    event: str = "not_sent",
) -> bool:
    """Back to planned, until `again_at`: nothing was sent, or the provider provably did nothing."""
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.epoch == epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
        )
        .values(
            state=SubmissionState.PLANNED.value,
            owner="",
            lease_until=None,
            wire_at=None,
            due_at=again_at,
            note=reason,
        )
    )
    released = db.execute(statement).rowcount == 1
    if released:
        db.execute(update(ATTEMPT).where(ATTEMPT.c.tag == tag).values(dialled_at=None))
        log(db, tag, event, now, epoch=epoch, status=status, detail=reason)
    return released


# Built once: to put a query together takes longer than to run it, and every step asks this.
_UNDER_WAY = select(SUBMISSION).where(SUBMISSION.c.state == SubmissionState.INTENT.value)
_UNDER_WAY_OF = _UNDER_WAY.where(SUBMISSION.c.batch_id == bindparam("its_id"))


def recover(
    db: Connection,
    now: datetime,
    is_dead: Callable[[str], bool],
    batch_id: str | None = None,
    *,
    is_alive: Callable[[str], bool] = lambda _owner: False,
) -> int:
    """Take over claims whose owner is dead or whose lease has run out. Returns how many.

    Of an owner that is known to be alive, be it asleep, nothing is taken over.

    Without a wire mark nothing was sent: planned again. With one it is in doubt. The epoch moves on
    in both cases, so that an owner that was only asleep can write neither its wire mark nor its
    outcome.
    """
    if batch_id is None:
        rows = db.execute(_UNDER_WAY).all()
    else:
        rows = db.execute(_UNDER_WAY_OF, {"its_id": batch_id}).all()
    clock = database_clock(db, now) if rows else now
    abandoned = [
        row
        for row in rows
        if is_dead(row.owner) or (_ran_out(row, clock) and not is_alive(row.owner))
    ]
    return sum(_take_over(db, row, now) for row in abandoned)


def _ran_out(row: Row[Any], clock: datetime) -> bool:
    return row.lease_until is not None and row.lease_until <= clock


def _take_over(db: Connection, row: Row[Any], now: datetime) -> bool:
    old = view_of(row)
    sent = old.wire_at is not None
    following = SubmissionState.UNKNOWN if sent else SubmissionState.PLANNED
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == old.tag,
            SUBMISSION.c.epoch == old.epoch,
            SUBMISSION.c.state == SubmissionState.INTENT.value,
            # A wire mark set by the owner since we looked must not be overlooked.
            SUBMISSION.c.wire_at.is_not(None) if sent else SUBMISSION.c.wire_at.is_(None),
        )
        .values(
            state=following.value,
            epoch=old.epoch + 1,
            owner="",
            paced_at=now,
            lease_until=None,
            due_at=None,
            looks=0,
            note="its runner went away",
        )
    )
    taken = db.execute(statement).rowcount == 1
    if taken:
        log(db, old.tag, f"recovered_{following.value}", now, epoch=old.epoch + 1)
    return taken


def database_clock(db: Connection, now: datetime) -> datetime:
    """The clock that leases run by: the database server's where several hosts share it."""
    if db.dialect.name == "sqlite":
        return now
    return db.execute(select(func.clock_timestamp(type_=UtcDateTime()))).scalar_one()
