"""What calls mean for their attempts and people."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from campaign.calls import Call
from campaign.states import AttemptState, CampaignState, RecipientState
from store import bulk, suppressions
from store.calls.joining import ATTEMPT, RECIPIENT, KnownAttempt
from store.calls.origin import Origin
from store.calls.revising import revise
from store.calls.sequels import Landed, sequel_of, tries_of, weight
from store.columns import table_of
from store.tables import Campaign, Submission

SUBMISSION = table_of(Submission)
_CAMPAIGN = table_of(Campaign)
_CANCELLED = (CampaignState.CANCELLING.value, CampaignState.CANCELLED.value)


def follow(db: Connection, origin: Origin, landed: Sequence[Landed]) -> None:
    """Close attempts whose call is final and move their people on; suppress who asked for it."""
    _suppress(db, origin, landed)
    ours = [(one.attempt, one) for one in landed if one.attempt is not None]
    _note_calls(db, ours)
    ended: dict[tuple[int, int], tuple[KnownAttempt, Call]] = {}
    for attempt, one in ours:
        if attempt.state.open and one.final:
            key = (attempt.recipient_id, attempt.no)
            _, known = ended.get(key, (attempt, one.call))
            ended[key] = (attempt, max(known, one.call, key=weight))
    _close(db, origin, list(ended.values()))
    for attempt, one in ours:
        if not attempt.state.open:
            revise(db, origin, attempt, one)


def _suppress(db: Connection, origin: Origin, landed: Iterable[Landed]) -> None:
    numbers = [
        one.attempt.phone_number if one.attempt else one.to for one in landed if one.call.opted_out
    ]
    suppressions.add(
        db,
        [number for number in numbers if number],
        reason="asked not to be called again",
        source=f"a call by {origin.provider}",
        now=origin.now,
        in_clear=not origin.policy.hash_numbers,
    )


def _note_calls(db: Connection, ours: Iterable[tuple[KnownAttempt, Landed]]) -> None:
    rows = [
        (one.call.id, attempt.recipient_id, attempt.no)
        for attempt, one in ours
        if attempt.provider_call_id is None and not (attempt.state.open and one.final)
    ]
    bulk.update(db, ATTEMPT, ["recipient_id", "no"], ["provider_call_id"], rows)


def _close(db: Connection, origin: Origin, ended: Sequence[tuple[KnownAttempt, Call]]) -> None:
    left_over = [one for one in ended if not one[1].dialled]
    if left_over and _closed_at_its_window(db, origin):
        ended = [one for one in ended if one[1].dialled]
        _put_back(db, origin, [attempt for attempt, _ in left_over])
    rows = [
        (
            AttemptState.DONE.value,
            "",
            call.outcome.value,
            attempt.provider_call_id or call.id,
            attempt.dialled_at or call.started_at or origin.now,
            origin.now,
            attempt.recipient_id,
            attempt.no,
        )
        for attempt, call in ended
    ]
    columns = ["state", "reason", "outcome", "provider_call_id", "dialled_at", "closed_at"]
    bulk.update(db, ATTEMPT, ["recipient_id", "no"], columns, rows)
    _move_people(db, origin, ended)


def _closed_at_its_window(db: Connection, origin: Origin) -> bool:
    """The batch was to begin no further call by now, and its campaign goes on."""
    query = (
        select(func.min(SUBMISSION.c.stop_at), _CAMPAIGN.c.state)
        .select_from(SUBMISSION.join(_CAMPAIGN, _CAMPAIGN.c.id == origin.campaign_id))
        .where(SUBMISSION.c.batch_id == origin.batch_id)
        .group_by(_CAMPAIGN.c.state)
    )
    stop_at, state = db.execute(query).one()
    return stop_at is not None and stop_at <= origin.now and state not in _CANCELLED


def _put_back(db: Connection, origin: Origin, attempts: Sequence[KnownAttempt]) -> None:
    """Nobody of these was dialled before the window closed: the rules say when it opens again."""
    reason, failed = "its window closed before it was dialled", AttemptState.FAILED.value
    closed = [(failed, reason, None, origin.now, one.recipient_id, one.no) for one in attempts]
    columns = ["state", "reason", "dialled_at", "closed_at"]
    bulk.update(db, ATTEMPT, ["recipient_id", "no"], columns, closed)
    ready = RecipientState.READY.value
    waiting = [
        (ready, reason, origin.now, one.recipient_id)
        for one in attempts
        if one.recipient_state in {RecipientState.OPEN, RecipientState.HELD}
    ]
    bulk.update(db, RECIPIENT, ["id"], ["state", "reason", "due_at"], waiting)


def _move_people(
    db: Connection, origin: Origin, ended: Sequence[tuple[KnownAttempt, Call]]
) -> None:
    missed = [one.recipient_id for one, call in ended if not call.outcome.reached]
    tries = tries_of(db, missed)
    rows: list[tuple[str, str, datetime | None, int]] = []
    for attempt, call in ended:
        sequel = sequel_of(origin, attempt.recipient_id, call, tries)
        waiting = attempt.recipient_state in {RecipientState.OPEN, RecipientState.HELD}
        if waiting or sequel.state is RecipientState.REACHED:
            rows.append((sequel.state.value, sequel.reason, sequel.due_at, attempt.recipient_id))
    bulk.update(db, RECIPIENT, ["id"], ["state", "reason", "due_at"], rows)
