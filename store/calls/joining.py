"""Which attempt a call belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from campaign.calls import Call
from campaign.states import AttemptState, RecipientState
from campaign.words import Outcome
from store.calls.origin import Origin
from store.calls.rows import StoredCall
from store.columns import table_of
from store.tables import Attempt, Recipient

ATTEMPT = table_of(Attempt)
RECIPIENT = table_of(Recipient)

_CLOCKS_DIFFER = timedelta(minutes=10)


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

    def link(self, attempt: KnownAttempt, call_id: str) -> None:
        """Remember an attempt's call, so that a second one is seen to be a second one."""
        if attempt.provider_call_id is None:
            linked = replace(attempt, provider_call_id=call_id)
            self._by_key[attempt.key] = self._by_call[call_id] = linked
            same = self._by_number[attempt.phone_number]
            same[same.index(attempt)] = linked
            self._by_id[attempt.recipient_id, attempt.no] = linked

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
        return attempt if own_only or _fits(call, attempt) else None


def _fits(call: Call, attempt: KnownAttempt) -> bool:
    if call.key is not None or attempt.provider_call_id not in {None, call.id}:
        return False
    if call.started_at is None or attempt.dialled_at is None:
        return attempt.dialled_at is not None
    return call.started_at >= attempt.dialled_at - _CLOCKS_DIFFER


def attempts_for(
    db: Connection, origin: Origin, calls: Sequence[Call], stored: Sequence[StoredCall]
) -> Attempts:
    """Read the attempts that calls may belong to, and those of stored calls, in one query."""
    a = ATTEMPT.c
    any_of = or_(
        a.key.in_([call.key for call in calls if call.key]),
        and_(a.provider == origin.provider, a.provider_call_id.in_([call.id for call in calls])),
        a.phone_number.in_([call.to for call in calls if call.to]),
        a.recipient_id.in_([one.place.recipient_id for one in stored if one.place.recipient_id]),
    )
    query = (
        select(
            a.recipient_id,
            a.no,
            a.key,
            a.tag,
            a.phone_number,
            a.state,
            a.outcome,
            a.provider_call_id,
            a.dialled_at,
            RECIPIENT.c.state.label("recipient_state"),
        )
        .join(RECIPIENT, RECIPIENT.c.id == a.recipient_id)
        .where(a.batch_id == origin.batch_id, any_of)
        .order_by(a.recipient_id)
        .with_for_update()
    )
    return Attempts(
        [
            KnownAttempt(
                recipient_id=row.recipient_id,
                no=row.no,
                key=row.key,
                tag=row.tag,
                phone_number=row.phone_number,
                state=AttemptState(row.state),
                outcome=Outcome(row.outcome) if row.outcome else None,
                provider_call_id=row.provider_call_id,
                dialled_at=row.dialled_at,
                recipient_state=RecipientState(row.recipient_state),
            )
            for row in db.execute(query)
        ]
    )
