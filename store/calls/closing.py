"""What calls mean for their attempts and people."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from campaign.calls import Call
from campaign.states import AttemptState, RecipientState
from store import suppressions
from store.calls.ending import ended_by
from store.calls.joining import ATTEMPT, RECIPIENT, KnownAttempt
from store.calls.origin import Origin
from store.calls.revising import revise
from store.calls.sequels import Landed, sequel_of, tries_of
from store.database import bulk


def follow(db: Connection, origin: Origin, landed: Sequence[Landed]) -> None:
    """Close attempts whose call is final and move their people on; suppress who asked for it.

    A call beside the one that counts does neither, unless it reached somebody or was an opt-out,
    or rang in the place of one that never did; but whom it rings is waited for.
    """
    _suppress(db, origin, landed)
    ours = [(one.attempt, one) for one in landed if one.attempt is not None]
    ended = ended_by(db, ours)
    _note_calls(db, ours, ended)
    _close(db, origin, list(ended.values()))
    for attempt, one in ours:
        if not attempt.state.open and (one.tells or one.rang_beside):
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


def _note_calls(
    db: Connection, ours: Iterable[tuple[KnownAttempt, Landed]], ended: Collection[tuple[int, int]]
) -> None:
    rows = [
        (one.call.id, attempt.recipient_id, attempt.no)
        for attempt, one in ours
        if attempt.provider_call_id is None
        and not one.beside
        and (attempt.recipient_id, attempt.no) not in ended
    ]
    bulk.update(db, ATTEMPT, ["recipient_id", "no"], ["provider_call_id"], rows)


def _close(db: Connection, origin: Origin, ended: Sequence[tuple[KnownAttempt, Call]]) -> None:
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
