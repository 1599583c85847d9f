"""What a look-up brought to light: one of it counts, the rest is surplus."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from campaign.calls import Found, Receipt
from store.submissions import comparing, exchanging, surplus
from store.submissions.accepting import accept
from store.submissions.locking import lock_batch_of


def adopt(
    db: Connection, tag: str, found: Sequence[Found], now: datetime, *, two_phase: bool
) -> bool:
    """Adopt what dials already, else the oldest; what is beside it is written down to be stopped.

    Returns False if nothing of it is this submission's. `two_phase`: what does not dial was created
    and never started, rings nobody, and is left alone.
    """
    lock_batch_of(db, tag)
    mine = [one for one in found if not comparing.is_anothers(db, tag, one.provider_batch_id, now)]
    if not mine:
        return False
    first, *others = sorted(mine, key=lambda one: (not one.dialling, one.created_at or now))
    receipt = Receipt(provider_batch_id=first.provider_batch_id, call_ids=first.call_ids)
    dials = first.dialling or not two_phase
    accept(db, tag, receipt, now, dials=dials, event="adopted")
    record_surplus(db, tag, others, now, two_phase=two_phase)
    return True


def found_again(
    db: Connection, tag: str, found: Sequence[Found], now: datetime, *, two_phase: bool
) -> None:
    """Compare what was found with what was accepted before; what is beside it is to be stopped.

    Should the accepted one still wait for its start while another dials, the other counts from now
    on: of those whom it has rung nobody is to be rung again.
    """
    lock_batch_of(db, tag)
    # What was stopped does not wait, and will not dial either.
    names = surplus.names(db, tag)
    going = [one for one in found if names.isdisjoint(_names(one))]
    waiting = [one for one in going if not one.dialling]
    begun = [one for one in going if one.dialling]
    dialling = sorted(begun, key=lambda one: one.created_at or now)
    for other in reversed(dialling):
        for one in waiting:
            exchanging.change_places(db, tag, one, other, now)
    record_surplus(db, tag, found, now, two_phase=two_phase)


def _names(found: Found) -> set[str]:
    return {found.provider_batch_id, *found.call_ids.values()}


def record_surplus(
    db: Connection, tag: str, found: Sequence[Found], now: datetime, *, two_phase: bool
) -> None:
    """Write down whatever of it is not what counts, and may ring."""
    for one in found:
        if (one.dialling or not two_phase) and not comparing.is_anothers(
            db, tag, one.provider_batch_id, now
        ):
            comparing.record(db, tag, one.provider_batch_id, one.call_ids, now)
