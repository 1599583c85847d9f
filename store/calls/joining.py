"""Which attempt a call belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select

from campaign.calls import Call
from campaign.states import AttemptState, RecipientState
from campaign.words import Outcome
from store.calls.origin import Origin
from store.calls.rows import StoredCall
from store.database.columns import table_of
from store.tables import Attempt, Recipient

ATTEMPT = table_of(Attempt)
RECIPIENT = table_of(Recipient)

ERASED = "erased-"
"""How what stands in the place of an erased number begins."""

_CLOCKS_DIFFER = timedelta(minutes=10)


_ATTEMPT_STATES = {state.value: state for state in AttemptState}
_RECIPIENT_STATES = {state.value: state for state in RecipientState}

# Built once: the lists of a page are long, and so would be the building.
_A = ATTEMPT.c
_OF_BATCH = (
    select(
        _A.recipient_id,
        _A.no,
        _A.key,
        _A.tag,
        _A.phone_number,
        _A.state,
        _A.outcome,
        _A.provider_call_id,
        _A.dialled_at,
        RECIPIENT.c.state.label("recipient_state"),
    )
    .join(RECIPIENT, RECIPIENT.c.id == _A.recipient_id)
    # The concatenation keeps SQLite from walking the whole batch for every page of it.
    .where(_A.batch_id + "" == bindparam("batch_id"))
    .order_by(_A.recipient_id)
    .with_for_update()
)
_BY_KEY = _OF_BATCH.where(
    or_(
        _A.key.in_(bindparam("keys", expanding=True)),
        _A.recipient_id.in_(bindparam("recipients", expanding=True)),
    )
)
_BY_CALL = _OF_BATCH.where(
    or_(
        (_A.provider == bindparam("provider"))
        & _A.provider_call_id.in_(bindparam("call_ids", expanding=True)),
        _A.phone_number.in_(bindparam("numbers", expanding=True)),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAttempt:
    """An attempt and its recipient, locked where other sessions could change them."""

    recipient_id: int
    no: int
    key: str
    tag: str
    phone_number: str
    state: AttemptState
    outcome: Outcome | None
    provider_call_id: str | None
    dialled_at: datetime | None
    recipient_state: RecipientState

    @property
    def erased(self) -> bool:
        """The person was removed: nothing that the provider still tells is kept."""
        return self.phone_number.startswith(ERASED)


class Attempts:
    """The attempts of one batch that some calls may belong to."""

    def __init__(self, attempts: Sequence[KnownAttempt]) -> None:
        self._by_key = {one.key: one for one in attempts}
        self._by_call = {
            one.provider_call_id: one for one in attempts if one.provider_call_id is not None
        }
        self._by_number: dict[str, list[KnownAttempt]] = {}
        for one in attempts:
            self._by_number.setdefault(one.phone_number, []).append(one)
        self._by_id = {(one.recipient_id, one.no): one for one in attempts}
        self._calls = {
            (one.recipient_id, one.no): one.provider_call_id
            for one in attempts
            if one.provider_call_id is not None
        }

    def link(self, attempt: KnownAttempt, call_id: str) -> bool:
        """Make a call an attempt's call. Returns False if the attempt has another one already."""
        return self._calls.setdefault((attempt.recipient_id, attempt.no), call_id) == call_id

    def get(self, recipient_id: int, no: int) -> KnownAttempt | None:
        """Return one attempt by its id."""
        return self._by_id.get((recipient_id, no))

    def of(self, call: Call, *, own_only: bool) -> KnownAttempt | None:
        """Return the attempt of a call: by key, by the call's id, by number if that is sure.

        `own_only`: the list holds this batch's calls and no others. Elsewhere a call with a key
        that is not of this batch, or from before the attempt, is somebody else's; and so is a
        second one to a number, since another attempt at it may have made it.
        """
        if call.key in self._by_key:
            return self._by_key[call.key]
        if call.id in self._by_call:
            return self._by_call[call.id]
        same_number = self._by_number.get(call.to or "", [])
        if len(same_number) != 1:
            return None
        attempt = same_number[0]
        return attempt if own_only or self._fits(call, attempt) else None

    def _fits(self, call: Call, attempt: KnownAttempt) -> bool:
        linked = self._calls.get((attempt.recipient_id, attempt.no), call.id)
        if call.key is not None or linked != call.id or attempt.dialled_at is None:
            return False
        return call.started_at is None or call.started_at >= attempt.dialled_at - _CLOCKS_DIFFER


def attempts_for(
    db: Connection, origin: Origin, calls: Sequence[Call], stored: Sequence[StoredCall]
) -> Attempts:
    """Read the attempts that calls may belong to, and those of stored calls."""
    attempts: dict[str, KnownAttempt] = {}
    keys = [call.key for call in calls if call.key]
    recipients = [one.place.recipient_id for one in stored if one.place.recipient_id]
    if keys or recipients:
        said = {"batch_id": origin.batch_id, "keys": keys, "recipients": recipients}
        attempts |= {row.key: _known(row) for row in db.execute(_BY_KEY, said)}
    others = [call for call in calls if call.key not in attempts]
    if others:
        said = {
            "batch_id": origin.batch_id,
            "provider": origin.provider,
            "call_ids": [call.id for call in others],
            "numbers": [call.to for call in others if call.to],
        }
        attempts |= {row.key: _known(row) for row in db.execute(_BY_CALL, said)}
    return Attempts(list(attempts.values()))


def _known(row: Row[tuple[Any, ...]]) -> KnownAttempt:
    return KnownAttempt(
        recipient_id=row.recipient_id,
        no=row.no,
        key=row.key,
        tag=row.tag,
        phone_number=row.phone_number,
        state=_ATTEMPT_STATES[row.state],
        outcome=Outcome(row.outcome) if row.outcome else None,
        provider_call_id=row.provider_call_id,
        dialled_at=row.dialled_at,
        recipient_state=_RECIPIENT_STATES[row.recipient_state],
    )
