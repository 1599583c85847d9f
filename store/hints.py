"""A word from outside that something has happened: the batch is looked at sooner, that is all.

And what is in doubt in it is looked for sooner.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select, union, update

from campaign.states import SubmissionState
from store.batches.views import BATCH, get
from store.database.columns import table_of
from store.tables import Attempt, Call, Submission

_ATTEMPT = table_of(Attempt).c
_CALL = table_of(Call).c
_SUBMISSION = table_of(Submission).c


def batches_of(
    db: Connection,
    provider: str,
    *,
    batches: Collection[str],
    calls: Collection[str],
    names: Collection[str],
) -> list[str]:
    """Return the ids of our batches at a provider that its ids, or our tags and keys, belong to."""
    s, a, c = _SUBMISSION, _ATTEMPT, _CALL
    found = union(
        select(s.batch_id).where(
            s.provider == provider, or_(s.provider_batch_id.in_(batches), s.tag.in_(names))
        ),
        select(a.batch_id).where(
            a.provider == provider, or_(a.provider_call_id.in_(calls), a.key.in_(names))
        ),
        select(c.batch_id).where(c.provider == provider, c.provider_call_id.in_(calls)),
    )
    return sorted(db.scalars(found))


def look_sooner(db: Connection, batch_id: str, now: datetime) -> bool:
    """Have a batch looked at now, or as soon as its `polling.min` has passed since the last step.

    False: nothing was changed. A batch that nobody looks at any more is not woken, one that is due
    earlier stays so, and one that waits after a failure waits on: the provider may have said how
    long.
    """
    batch = get(db, batch_id)
    if batch.due_at is None or batch.failures:
        return False
    last = batch.stepped_at or batch.created_at
    due_at = max(now, last + batch.spec.polling.min)
    # Whatever moved it meanwhile knew better.
    done = db.execute(
        update(BATCH)
        .where(BATCH.c.id == batch_id, BATCH.c.due_at == batch.due_at, BATCH.c.due_at > due_at)
        .values(due_at=due_at)
    )
    sooner = done.rowcount == 1
    return _looked_for_sooner(db, batch_id, due_at) or sooner


def _looked_for_sooner(db: Connection, batch_id: str, due_at: datetime) -> bool:
    """What is in doubt is what the word may be about."""
    in_doubt = [SubmissionState.UNKNOWN.value, SubmissionState.HELD.value]
    mine = (_SUBMISSION.batch_id == batch_id) & _SUBMISSION.state.in_(in_doubt)
    later = update(table_of(Submission)).where(mine, _SUBMISSION.due_at > due_at)
    return bool(db.execute(later.values(due_at=due_at)).rowcount)
