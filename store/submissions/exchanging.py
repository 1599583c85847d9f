"""Which of two requests counts: the one that dials, not the one that waits."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, update

from campaign.calls import Found
from campaign.states import AttemptState
from store.database.columns import table_of
from store.submissions.comparing import is_anothers
from store.submissions.deciding import to_be_stopped
from store.submissions.history import log
from store.submissions.views import ATTEMPT, SUBMISSION, batch_of
from store.tables import Batch, Call

_BATCH = table_of(Batch)
_CALL = table_of(Call)


def change_places(db: Connection, tag: str, known: Found, other: Found, now: datetime) -> None:
    """Let `other` count from now on where `known` does, as it dials already and that one waits."""
    mine = (SUBMISSION.c.tag == tag) & (SUBMISSION.c.provider_batch_id == known.provider_batch_id)
    if known.provider_batch_id == tag:
        for key, call_id in known.call_ids.items():
            if key in other.call_ids:
                its = (ATTEMPT.c.tag == tag) & (ATTEMPT.c.key == key)
                placed = update(ATTEMPT).where(its, ATTEMPT.c.provider_call_id == call_id)
                if db.execute(placed.values(provider_call_id=other.call_ids[key])).rowcount:
                    to_be_stopped(db, tag, now)
                # It may have been listed, and over, before it counted.
                its_call = _calls(tag) & (_CALL.c.provider_call_id == other.call_ids[key])
                db.execute(update(_CALL).where(its_call).values(detail_due_at=now))
    elif not is_anothers(db, tag, other.provider_batch_id, now):
        exchanged = update(SUBMISSION).where(mine)
        if db.execute(exchanged.values(provider_batch_id=other.provider_batch_id)).rowcount == 1:
            log(db, tag, "exchanged", now, detail=other.provider_batch_id)
            _sweep_anew(db, tag)
            to_be_stopped(db, tag, now)


def _sweep_anew(db: Connection, tag: str) -> None:
    """What was swept so far was another's list: of its calls none counts until it is shown again.

    A page of that list which is under way is refused.
    """
    values = {"cursor": None, "over_at": None, "clean_rounds": 0, "round_changed": True}
    anew = update(_BATCH).where(_BATCH.c.id == batch_of(tag))
    db.execute(anew.values(round=_BATCH.c.round + 1, **values))
    db.execute(update(_CALL).where(_calls(tag)).values(beside=True))
    waiting = [AttemptState.SUBMITTED.value, AttemptState.HELD.value]
    undecided = (ATTEMPT.c.tag == tag) & ATTEMPT.c.state.in_(waiting)
    db.execute(update(ATTEMPT).where(undecided).values(provider_call_id=None))


def _calls(tag: str) -> ColumnElement[bool]:
    return (_CALL.c.batch_id == batch_of(tag)) & (_CALL.c.tag == tag)
