"""A call that a person has found at the provider, of somebody of whom it never told."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from campaign.calls import ListedCall
from campaign.errors import Unreadable
from campaign.states import AttemptState, RecipientState
from store.batches import advancing
from store.batches import views as batches
from store.batches.views import BATCH, CALL
from store.calls.single import save_single
from store.decisions.holding import Decider
from store.decisions.people import Attempted, get, lock, write_down
from store.submissions.deciding import RECIPIENT
from store.submissions.views import ATTEMPT


def adopt_call(
    db: Connection, key: str, listed: ListedCall, decider: Decider, now: datetime
) -> bool:
    """Store somebody's call, which was read at the provider: it decides what became of them.

    Returns False, and does nothing, if that person is not held, has another call, or the call is
    another one's. Raises `Unreadable` if it cannot be stored.
    """
    known = get(db, key)
    if known is None or listed.call is None or not lock(db, known.tag, [key]):
        return False
    call_id, batch = listed.call.id, batches.get(db, known.batch_id)
    if known.provider_call_id not in {None, call_id} or not _is_free(db, known, call_id):
        return False
    mine = ATTEMPT.c.key == key
    db.execute(update(ATTEMPT).where(mine).values(provider_call_id=call_id))
    _claim_orphan(db, known, call_id)
    its_call = (CALL.c.provider == known.provider) & (CALL.c.provider_call_id == call_id)
    db.execute(update(CALL).where(its_call).values(beside=False))
    if not save_single(db, known.batch_id, listed, now=now, policy=batch.spec.policy):
        raise Unreadable("the call holds what cannot be stored")
    _wait_for_the_rest(db, key)
    write_down(db, known.tag, key, decider=decider, now=now, verb="adopt")
    # Only what is swept from now on can tell that it is all there is.
    db.execute(update(BATCH).where(BATCH.c.id == known.batch_id).values(clean_rounds=0))
    advancing.settle(db, known.batch_id, now, own_progress=False)
    return True


def _is_free(db: Connection, known: Attempted, call_id: str) -> bool:
    """No other attempt has this call, as far as the ledger knows."""
    others = select(func.count()).where(
        ATTEMPT.c.provider == known.provider,
        ATTEMPT.c.provider_call_id == call_id,
        ATTEMPT.c.key != known.key,
    )
    calls = (
        select(func.count())
        .select_from(CALL)
        .outerjoin(
            ATTEMPT,
            (ATTEMPT.c.recipient_id == CALL.c.recipient_id) & (ATTEMPT.c.no == CALL.c.attempt_no),
        )
        .where(
            CALL.c.provider == known.provider,
            CALL.c.provider_call_id == call_id,
            (CALL.c.batch_id != known.batch_id) | (ATTEMPT.c.key != known.key),
        )
    )
    return not db.execute(others).scalar_one() and not db.execute(calls).scalar_one()


def _claim_orphan(db: Connection, known: Attempted, call_id: str) -> None:
    """The call may have been shown already, and nobody knew whose it was."""
    mine = select(ATTEMPT.c.recipient_id, ATTEMPT.c.no).where(ATTEMPT.c.key == known.key)
    recipient_id, no = db.execute(mine).one()
    db.execute(
        update(CALL)
        .where(
            CALL.c.provider == known.provider,
            CALL.c.provider_call_id == call_id,
            CALL.c.recipient_id.is_(None),
        )
        .values(recipient_id=recipient_id, attempt_no=no, tag=known.tag)
    )


def _wait_for_the_rest(db: Connection, key: str) -> None:
    """Of a call that is not over the next looks tell."""
    held = (ATTEMPT.c.key == key) & (ATTEMPT.c.state == AttemptState.HELD.value)
    person = db.scalar(select(ATTEMPT.c.recipient_id).where(held))
    if person is not None:
        waits = {"state": AttemptState.SUBMITTED.value, "reason": ""}
        db.execute(update(ATTEMPT).where(held).values(waits))
        its = (RECIPIENT.c.id == person) & (RECIPIENT.c.state == RecipientState.HELD.value)
        opened = {"state": RecipientState.OPEN.value, "reason": ""}
        db.execute(update(RECIPIENT).where(its).values(opened))
