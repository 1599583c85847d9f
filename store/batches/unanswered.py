"""Attempts that a provider is over with and says nothing about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from campaign.calls import Call
from campaign.redial import after
from campaign.states import AttemptState, CampaignState, RecipientState
from campaign.words import Outcome, Progress
from store.batches.views import CALL, BatchView
from store.calls.verdicts import Heard, decisive, goes_on, never_began, rang
from store.database.columns import table_of
from store.tables import Attempt, Recipient, Submission

_ATTEMPT = table_of(Attempt)
_RECIPIENT = table_of(Recipient)
_SUBMISSION = table_of(Submission)

_CANCELLED = (CampaignState.CANCELLING, CampaignState.CANCELLED)
_ROUNDS = 2
_TRIES = 20
"""Looks that fail one after the other, by `polling` less and less often: hours, unless set."""
STALL = timedelta(hours=24)
"""A batch of which nothing has been heard for so long is not waited for any more."""
STALL_OF_A_STOPPED = timedelta(minutes=30)
"""The same for one that we had stopped and that stands still: calls in progress have ended by then.
Where a stop is a pause, its provider never calls it over."""


def stalled(db: Connection, batch: BatchView, progress: Progress | None, now: datetime) -> bool:
    """Nothing new has been heard of a batch for long, so that its next sweeps are to be the last.

    `progress`: what its provider says of it now.
    """
    if batch.stopped_at is not None and progress is Progress.PAUSED:
        return now - max(_last_heard(db, batch), batch.stopped_at) >= STALL_OF_A_STOPPED
    return now - _last_heard(db, batch) >= STALL


def unreadable(db: Connection, batch: BatchView, now: datetime) -> bool:
    """Nothing new has been heard of a batch for long, as it cannot be asked, time and again."""
    return batch.failures >= _TRIES and now - _last_heard(db, batch) >= STALL


def close_unanswered(
    db: Connection, batch: BatchView, now: datetime, *, owes_more: bool = False
) -> bool:
    """Give every attempt a verdict once there is nothing left to wait for.

    Returns whether any was given.

    A call that is over and whose late outcome never came is closed with what is known. An attempt
    of which whole sweeps showed no call, in a batch that we had stopped before it was over, was not
    dialled, unless a call beside it may have rung. Any other attempt without a finished call is
    held: whether a telephone rang nobody knows. One whose call goes on, or one beside it, is waited
    for until nothing is heard of the batch for long: providers call a batch over once all is
    dialled, or stopped. `owes_more`: the provider says that it has calls which no sweep has shown.
    """
    waited = batch.over_at is not None and now - batch.over_at >= batch.spec.polling.settle
    swept = waited and batch.clean_rounds >= _ROUNDS and not owes_more
    gives_up = unreadable(db, batch, now)
    if not swept and not gives_up:
        return False
    is_still = gives_up or stalled(db, batch, batch.progress, now)
    rows = [row for row in _unanswered(db, batch) if is_still or not goes_on(row.heard)]
    for row in rows:
        undialled = swept and _never_begun(batch, row)
        attempt, outcome, reason = _verdict(row.heard, undialled=undialled)
        db.execute(
            update(_ATTEMPT)
            .where(_ATTEMPT.c.recipient_id == row.recipient_id, _ATTEMPT.c.no == row.no)
            .values(
                state=attempt.value,
                outcome=outcome.value if outcome else None,
                reason=reason,
                closed_at=None if attempt.open else now,
                dialled_at=None if attempt is AttemptState.FAILED else row.dialled_at,
            )
        )
        _move_recipient(db, batch, row.recipient_id, attempt, outcome, reason=reason, now=now)
    return bool(rows)


def _last_heard(db: Connection, batch: BatchView) -> datetime:
    """When the provider last told something new of a batch, or was last asked to dial."""
    calls = select(func.max(CALL.c.last_changed)).where(CALL.c.batch_id == batch.id)
    sent = ("accepted_at", "start_wire_at", "started_at", "start_at")
    asked = select(*(func.max(_SUBMISSION.c[one]) for one in sent)).where(
        _SUBMISSION.c.batch_id == batch.id
    )
    moments = [batch.created_at, db.scalar(calls), *db.execute(asked).one()]
    return max(moment for moment in moments if moment is not None)


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """A submitted attempt with all that is known of its calls."""

    recipient_id: int
    no: int
    dialled_at: datetime | None
    start_at: datetime | None
    placed_id: str | None
    """Of the call that counts, as far as it is known."""
    heard: list[Heard] = field(default_factory=list[Heard])


def _unanswered(db: Connection, batch: BatchView) -> list[_Unanswered]:
    query = (
        select(
            _ATTEMPT.c.recipient_id,
            _ATTEMPT.c.no,
            _ATTEMPT.c.dialled_at,
            _ATTEMPT.c.provider_call_id.label("placed_id"),
            _SUBMISSION.c.start_at.label("not_before"),
            CALL.c.provider_call_id,
            CALL.c.beside,
            CALL.c.over,
            CALL.c.outcome,
            CALL.c.started_at,
            CALL.c.ended_at,
            CALL.c.missing,
            CALL.c.detail_due_at,
            CALL.c.raw_detail.is_not(None).label("read_singly"),
        )
        .join(_SUBMISSION, _SUBMISSION.c.tag == _ATTEMPT.c.tag)
        .outerjoin(
            CALL,
            (CALL.c.recipient_id == _ATTEMPT.c.recipient_id) & (CALL.c.attempt_no == _ATTEMPT.c.no),
        )
        .where(_ATTEMPT.c.batch_id == batch.id, _ATTEMPT.c.state == AttemptState.SUBMITTED.value)
        .order_by(_ATTEMPT.c.recipient_id, CALL.c.provider_call_id)
    )
    found: dict[tuple[int, int], _Unanswered] = {}
    for row in db.execute(query):
        one = found.setdefault(
            (row.recipient_id, row.no),
            _Unanswered(row.recipient_id, row.no, row.dialled_at, row.not_before, row.placed_id),
        )
        if row.provider_call_id is not None:
            one.heard.append(_heard(row))
    return list(found.values())


def _heard(row: Row[Any]) -> Heard:
    call = Call(
        id=row.provider_call_id,
        key=None,
        to=None,
        over=row.over,
        outcome=Outcome(row.outcome),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
    told = "outcome" not in row.missing.split()
    final = row.over and told and (row.read_singly or row.detail_due_at is None)
    return Heard(call=call, beside=row.beside, final=final)


def _never_begun(batch: BatchView, row: _Unanswered) -> bool:
    """Whether a batch was stopped before everybody in it was dialled."""
    if batch.stopped_at is None or batch.stop_asked_at is None or batch.over_at is None:
        return False
    if batch.progress is None:
        # It has only calls, dialled at once or at their start, and each is stopped by its id.
        begins_at = None if row.placed_id is None else row.start_at
        return begins_at is not None and begins_at > batch.stopped_at
    return batch.stop_asked_at <= batch.over_at


def _verdict(
    heard: Sequence[Heard], *, undialled: bool
) -> tuple[AttemptState, Outcome | None, str]:
    known = decisive(heard)
    if known is not None and not (never_began(known.call) and goes_on(heard)):
        reason = "" if known.final else "late fields never came"
        return AttemptState.DONE, known.call.outcome, reason
    if any(not one.beside for one in heard):
        return AttemptState.HELD, None, "the provider never said that the call has ended"
    if undialled and not any(rang(one) for one in heard):
        return AttemptState.FAILED, Outcome.CANCELLED, "stopped before it was dialled"
    return AttemptState.HELD, None, "the provider is over with the batch and lists no call"


def _move_recipient(
    db: Connection,
    batch: BatchView,
    recipient_id: int,
    attempt: AttemptState,
    outcome: Outcome | None,
    *,
    reason: str,
    now: datetime,
) -> None:
    if attempt is AttemptState.HELD or outcome is None:
        state, why, due_at = RecipientState.HELD, reason, None
    elif attempt is AttemptState.FAILED and batch.campaign_state not in _CANCELLED:
        # Its window closed, and not the campaign: the rules say when it opens again.
        state, why, due_at = RecipientState.READY, reason, now
    else:
        counted = _counted(db, recipient_id)
        sequel = after(outcome, counted, batch.spec.policy, now)
        state, why, due_at = sequel.state, sequel.reason, sequel.due_at
    db.execute(
        update(_RECIPIENT)
        .where(_RECIPIENT.c.id == recipient_id)
        .values(state=state.value, reason=why, due_at=due_at)
    )


def _counted(db: Connection, recipient_id: int) -> int:
    query = select(_ATTEMPT.c.no).where(
        _ATTEMPT.c.recipient_id == recipient_id, _ATTEMPT.c.dialled_at.is_not(None)
    )
    return len(db.scalars(query).all())
