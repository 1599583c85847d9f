"""A call that was read by itself, which no list need ever have shown."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from campaign.calls import ListedCall
from campaign.spec import Policy
from store.calls import rows
from store.calls.closing import follow
from store.calls.details import save_detail
from store.calls.origin import lock_batch, origin_of
from store.calls.rows import CALL
from store.calls.taking import take


def save_single(
    db: Connection, batch_id: str, listed: ListedCall, *, now: datetime, policy: Policy
) -> bool:
    """Store a call of a batch and what follows from it, known or not.

    Returns False if it cannot be read, or belongs to another batch.
    """
    if listed.call is None:
        return False
    batch = lock_batch(db, batch_id)
    where = (CALL.c.provider == batch.provider) & (CALL.c.provider_call_id == listed.call.id)
    if db.execute(select(CALL.c.batch_id).where(where)).first() is not None:
        return save_detail(db, batch_id, listed.call.id, listed, now=now, policy=policy)
    origin = origin_of(batch, policy, now)
    call = rows.prepared(listed.call, policy)
    problem = rows.fault(call)
    if problem:
        rows.keep_unread(db, batch_id, [replace(listed, problem=problem)], now)
        return False
    follow(db, origin, take(db, origin, [(call, listed.raw)], own_only=True).landed)
    return True
