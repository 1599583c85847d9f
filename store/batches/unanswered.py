"""Attempts that a provider is over with and says nothing about."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from campaign.redial import after
from campaign.states import AttemptState, CampaignState, RecipientState
from campaign.words import Outcome, Progress
from store.batches.views import CALL, BatchView
from store.database.columns import table_of
from store.tables import Attempt, Recipient, Submission

_ATTEMPT = table_of(Attempt)
_RECIPIENT = table_of(Recipient)
_SUBMISSION = table_of(Submission)

_CANCELLED = (CampaignState.CANCELLING, CampaignState.CANCELLED)
_ROUNDS = 2
STALL = timedelta(hours=24)
"""A batch of which nothing has been heard for so long is not waited for any more."""
STALL_OF_A_STOPPED = timedelta(minutes=30)
"""The same for one that we had stopped and that stands still: calls in progress have ended by then.
Where a stop is a pause, its provider never calls it over."""


def stalled(db: Connection, batch: BatchView, now: datetime) -> bool:
    """Nothing has been heard of a batch for long, and it will not be waited for any more."""
    heard = _last_heard(db, batch)
    if batch.stopped_at is not None and batch.progress is Progress.PAUSED:
        return now - max(heard, batch.stopped_at) >= STALL_OF_A_STOPPED
    return now - heard >= STALL


def close_unanswered(db: Connection, batch: BatchView, now: datetime, *, has_stalled: bool) -> bool:
    """Give every attempt a verdict once there is nothing left to wait for.

    Returns whether any was given.

    A call that is over and whose late outcome never came is closed with what is known. An attempt
    without a call in a batch that we had stopped was not dialled. Any other attempt without a
    finished call is held: whether a telephone rang nobody knows.
    """
    waited = batch.over_at is not None and now - batch.over_at >= batch.spec.polling.settle
    swept = waited and batch.clean_rounds >= _ROUNDS
    if not swept and not has_stalled:
        return False
    rows = _unanswered(db, batch)
    for row in rows:
        attempt, outcome, reason = _verdict(batch, row.call_id, row.over, row.outcome)
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
    sent = [_SUBMISSION.c.accepted_at, _SUBMISSION.c.started_at, _SUBMISSION.c.start_at]
    asked = select(*map(func.max, sent)).where(_SUBMISSION.c.batch_id == batch.id)
    moments = [batch.created_at, db.scalar(calls), *db.execute(asked).one()]
    return max(moment for moment in moments if moment is not None)


def _unanswered(db: Connection, batch: BatchView) -> list[Row[Any]]:
    """Return the submitted attempts, each once, with a call of theirs: one that is over, if any."""
    query = (
        select(
            _ATTEMPT.c.recipient_id,
            _ATTEMPT.c.no,
            _ATTEMPT.c.dialled_at,
            CALL.c.provider_call_id.label("call_id"),
            CALL.c.over,
            CALL.c.outcome,
        )
        .outerjoin(
            CALL,
            (CALL.c.recipient_id == _ATTEMPT.c.recipient_id) & (CALL.c.attempt_no == _ATTEMPT.c.no),
        )
        .where(_ATTEMPT.c.batch_id == batch.id, _ATTEMPT.c.state == AttemptState.SUBMITTED.value)
        .order_by(_ATTEMPT.c.recipient_id, CALL.c.over)
    )
    return list({(row.recipient_id, row.no): row for row in db.execute(query)}.values())


def _verdict(
    batch: BatchView, call_id: str | None, over: bool | None, outcome: str | None
) -> tuple[AttemptState, Outcome | None, str]:
    if call_id is not None and over:
        return AttemptState.DONE, Outcome(outcome or "unknown"), "late fields never came"
    if call_id is None and batch.stopped_at is not None:
        return AttemptState.FAILED, Outcome.CANCELLED, "stopped before it was dialled"
    if call_id is None:
        return AttemptState.HELD, None, "the provider is over with the batch and lists no call"
    return AttemptState.HELD, None, "the provider never said that the call has ended"


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
