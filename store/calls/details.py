"""Single reads of calls whose row in the list lacks something."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from campaign.calls import Call, ListedCall
from campaign.spec import Policy
from store.calls import rows
from store.calls.closing import follow
from store.calls.joining import attempts_for
from store.calls.merging import merged
from store.calls.origin import Origin, lock_batch, origin_of
from store.calls.reading import UNIT, given_up, next_read
from store.calls.rows import CALL, StoredCall
from store.calls.sequels import Landed


def due_details(db: Connection, batch_id: str, now: datetime, limit: int = 1000) -> list[str]:
    """Return provider call ids of the batch's calls to read singly now, the longest due first."""
    query = (
        select(CALL.c.provider_call_id)
        .where(CALL.c.batch_id == batch_id, CALL.c.detail_due_at <= now)
        .order_by(CALL.c.detail_due_at, CALL.c.provider_call_id)
        .limit(limit)
    )
    return list(db.scalars(query))


def save_detail(
    db: Connection,
    batch_id: str,
    call_id: str,
    listed: ListedCall | None,
    *,
    now: datetime,
    policy: Policy,
    unit: timedelta = UNIT,
) -> bool:
    """Store what a single read brought and close the attempt if that decides it.

    `listed` is None, or holds no call, if it could not be read: that counts as a read too. What the
    detail lacks stays as the list had it. While something is missing it is read again, less and
    less often, at first by `unit`; what has not come in the end is no longer waited for. Returns
    False if there is no such call in the batch.
    """
    origin = origin_of(lock_batch(db, batch_id), policy, now)
    known = rows.load(db, origin.provider, [call_id]).get(call_id)
    if known is None or known.place.batch_id != batch_id:
        return False
    again_at = next_read(known.detail_reads + 1, now, unit)
    renewed = _renewed(known, _readable(db, origin, listed), listed, again_at)
    if known.raw_detail is not None and renewed.raw_detail != known.raw_detail:
        rows.keep_versions(db, origin.provider, [(call_id, known.raw_detail)], now)
    rows.update(db, [renewed], now)
    _follow(db, origin, renewed)
    return True


def _readable(db: Connection, origin: Origin, listed: ListedCall | None) -> Call | None:
    if listed is None:
        return None
    call = None if listed.call is None else rows.prepared(listed.call, origin.policy)
    problem = listed.problem if call is None else rows.fault(call)
    if call is None or problem:
        rows.keep_unread(db, origin.batch_id, [replace(listed, problem=problem)], origin.now)
        return None
    return call


def _renewed(
    known: StoredCall,
    detail: Call | None,
    listed: ListedCall | None,
    again_at: datetime | None,
) -> StoredCall:
    reads = known.detail_reads + 1
    call, raw_detail = known.call, known.raw_detail
    if detail is not None and listed is not None:
        call, raw_detail = merged(replace(detail, id=call.id), call), listed.raw
    if given_up(reads):
        call = replace(call, missing=frozenset())
    satisfied = detail is not None and call.over and not call.missing
    return replace(
        known,
        call=call,
        raw_detail=raw_detail,
        detail_reads=reads,
        detail_due_at=None if satisfied else again_at,
    )


def _follow(db: Connection, origin: Origin, stored: StoredCall) -> None:
    place, call = stored.place, stored.call
    read = stored.raw_detail is not None or given_up(stored.detail_reads)
    final = call.over and read and "outcome" not in call.missing
    attempt = None
    if place.recipient_id is not None and place.attempt_no is not None:
        attempts = attempts_for(db, origin, [], [stored])
        attempt = attempts.get(place.recipient_id, place.attempt_no)
    follow(db, origin, [Landed(attempt, call, final, call.to, beside=stored.beside)])
