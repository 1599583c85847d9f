"""What a person decides about people held in a submission that the provider did take.

It never told what became of them: a call may have been placed or not, and nobody dials them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from campaign.states import AttemptState, CampaignState, RecipientState, SubmissionState
from store.batches import advancing
from store.batches import views as batches
from store.batches.unanswered import STALL
from store.batches.views import BATCH, CALL
from store.decisions import audit, cancelling
from store.decisions.holding import Decider
from store.submissions.deciding import RECIPIENT
from store.submissions.history import log
from store.submissions.locking import lock_batch_of
from store.submissions.views import ATTEMPT, SUBMISSION

_CANCELLED = (CampaignState.CANCELLING, CampaignState.CANCELLED)
_IN_DOUBT = (SubmissionState.HELD.value, SubmissionState.UNKNOWN.value)
_ITS_CALL = (CALL.c.recipient_id == ATTEMPT.c.recipient_id) & (CALL.c.attempt_no == ATTEMPT.c.no)
_CALLED = exists().where(_ITS_CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One attempt as a decision about it needs it."""

    key: str
    tag: str
    batch_id: str
    provider: str
    phone_number: str
    provider_call_id: str | None
    dialled_at: datetime | None
    state: AttemptState
    submission_state: SubmissionState

    @property
    def is_held(self) -> bool:
        """It is held by itself, and not with its submission."""
        return self.state is AttemptState.HELD and self.submission_state.value not in _IN_DOUBT


def get(db: Connection, key: str) -> Attempted | None:
    """Return one attempt by its key."""
    query = (
        select(
            ATTEMPT.c.key,
            ATTEMPT.c.tag,
            ATTEMPT.c.batch_id,
            ATTEMPT.c.provider,
            ATTEMPT.c.phone_number,
            ATTEMPT.c.provider_call_id,
            ATTEMPT.c.dialled_at,
            ATTEMPT.c.state,
            SUBMISSION.c.state.label("submission_state"),
        )
        .join(SUBMISSION, SUBMISSION.c.tag == ATTEMPT.c.tag)
        .where(ATTEMPT.c.key == key)
    )
    row = db.execute(query).first()
    if row is None:
        return None
    said: dict[str, Any] = row._asdict() | {
        "state": AttemptState(row.state),
        "submission_state": SubmissionState(row.submission_state),
    }
    return Attempted(**said)


def held_in(db: Connection, tag: str) -> tuple[str, ...]:
    """Return the keys of the people held in an accepted submission, in the order of the list."""
    return tuple(row.key for row in db.execute(_held(tag)))


def confirm_not_placed(
    db: Connection, tag: str, keys: Collection[str], decider: Decider, now: datetime
) -> int:
    """A person vouches that no call was placed to these people: they are to be called again.

    By a new attempt. Whoever is held no more, or has a call in the ledger, is passed over. Returns
    how many it were.
    """
    people = lock(db, tag, keys, but_for=_CALLED)
    if people:
        reason = f"confirmed not placed by {decider.actor}"
        values = {"state": RecipientState.READY.value, "reason": reason, "due_at": now}
        if batches.get(db, people[0].batch_id).campaign_state in _CANCELLED:
            off, why = RecipientState.SKIPPED.value, cancelling.REASON
            values = {"state": off, "reason": why, "due_at": None}
        _close(db, people, values, now, reason, rang=False)
        _conclude(db, people, decider, now, "confirm-not-placed")
    return len(people)


def abandon(
    db: Connection, tag: str, keys: Collection[str], decider: Decider, now: datetime
) -> int:
    """A person gives these people up: they count as not reached, and their numbers are free again.

    Whoever is held no more is passed over, and so is whose call goes on, as far as it was heard of
    within `STALL`. Returns how many it were.
    """
    going_on = exists().where(_ITS_CALL, CALL.c.over.is_(False), CALL.c.last_changed > now - STALL)
    people = lock(db, tag, keys, but_for=going_on)
    if people:
        reason = f"given up by {decider.actor}"
        values = {"state": RecipientState.NOT_REACHED.value, "reason": reason, "due_at": None}
        _close(db, people, values, now, reason, rang=True)
        _conclude(db, people, decider, now, "abandon")
    return len(people)


def _held(tag: str) -> Any:
    return (
        select(ATTEMPT.c.key, ATTEMPT.c.tag, ATTEMPT.c.recipient_id, ATTEMPT.c.batch_id)
        .join(SUBMISSION, SUBMISSION.c.tag == ATTEMPT.c.tag)
        .where(
            ATTEMPT.c.tag == tag,
            ATTEMPT.c.state == AttemptState.HELD.value,
            SUBMISSION.c.state.not_in(_IN_DOUBT),
        )
        .order_by(ATTEMPT.c.recipient_id)
    )


def lock(
    db: Connection, tag: str, keys: Collection[str], but_for: Any = None
) -> Sequence[Row[Any]]:
    """Return those who are held still, as they will be until this transaction has ended."""
    lock_batch_of(db, tag)
    query = _held(tag).where(ATTEMPT.c.key.in_(list(keys))).with_for_update(of=ATTEMPT)
    if but_for is not None:
        query = query.where(~but_for)
    return db.execute(query).all()


def _close(
    db: Connection,
    people: Sequence[Row[Any]],
    values: dict[str, Any],
    now: datetime,
    reason: str,
    *,
    rang: bool,
) -> None:
    """`rang`: it may have, so that the attempt goes on to count."""
    keys, ids = [row.key for row in people], [row.recipient_id for row in people]
    closed: dict[str, Any] = {"state": AttemptState.FAILED.value, "closed_at": now}
    closed |= {"reason": reason} | ({} if rang else {"dialled_at": None})
    db.execute(update(ATTEMPT).where(ATTEMPT.c.key.in_(keys)).values(closed))
    held = RECIPIENT.c.id.in_(ids) & (RECIPIENT.c.state == RecipientState.HELD.value)
    db.execute(update(RECIPIENT).where(held).values(values))


def _conclude(
    db: Connection, people: Sequence[Row[Any]], decider: Decider, now: datetime, verb: str
) -> None:
    for row in people:
        write_down(db, row.tag, row.key, decider=decider, now=now, verb=verb)
    advancing.settle(db, people[0].batch_id, now, own_progress=False)


def write_down(
    db: Connection, tag: str, key: str, *, decider: Decider, now: datetime, verb: str
) -> None:
    """Keep the decision about one person, and have a run see what follows from it."""
    audit.append(
        db,
        actor=decider.actor,
        verb=f"held {verb}",
        subject=f"{tag} {key}",
        reason=decider.reason,
        now=now,
    )
    log(db, tag, f"person_{verb}", now, detail=key)
    its_batch = select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag).scalar_subquery()
    db.execute(update(BATCH).where(BATCH.c.id == its_batch).values(due_at=now))
