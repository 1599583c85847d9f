"""What a person decides about a submission that is held: by name and reason, never silently."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from campaign.calls import Receipt
from campaign.states import SubmissionState
from store.batches import advancing
from store.batches.views import BATCH, CALL
from store.decisions import audit
from store.submissions import accepting, doubting
from store.submissions.views import ATTEMPT, SUBMISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides, and why. Both are asked for and kept."""

    actor: str
    reason: str


def adopt(
    db: Connection,
    tag: str,
    receipt: Receipt,
    decider: Decider,
    now: datetime,
    *,
    dials: bool,
    unchecked: bool = False,
) -> bool:
    """A person has found it at the provider: collect it.

    `dials` is False where what was created still has to be started. `unchecked`: the provider was
    not asked, and the audit says so. Returns False if the submission is not held, or the id is
    another's.
    """
    if not _is_held(db, tag):
        return False
    if not accepting.accept(db, tag, receipt, now, dials=dials, event="adopted by hand"):
        return False
    return _decided(db, tag, decider, now, "adopt --unchecked" if unchecked else "adopt")


def confirm_not_placed(db: Connection, tag: str, decider: Decider, now: datetime) -> bool:
    """A person vouches that the provider never got it: it is sent again, under the same tag.

    Returns False if the submission is not held, or a call of it is known.
    """
    vouched = doubting.plan_again(
        db, tag, now, state=SubmissionState.HELD, reason=f"confirmed not placed by {decider.actor}"
    )
    return vouched and _decided(db, tag, decider, now, "confirm-not-placed")


def abandon(db: Connection, tag: str, decider: Decider, now: datetime) -> bool:
    """A person gives it up: its people are not called by it.

    Returns False if it is not held, or a call of it is known: other people of it may be rung, too.
    """
    given_up = doubting.abandon(db, tag, now, reason=f"given up by {decider.actor}")
    return given_up and _decided(db, tag, decider, now, "abandon")


def owner_of(db: Connection, provider: str, provider_id: str) -> str | None:
    """Return the tag of the submission that a provider's batch or call belongs to, if any does."""
    queries = (
        select(SUBMISSION.c.tag).where(
            SUBMISSION.c.provider == provider, SUBMISSION.c.provider_batch_id == provider_id
        ),
        select(ATTEMPT.c.tag).where(
            ATTEMPT.c.provider == provider, ATTEMPT.c.provider_call_id == provider_id
        ),
        select(CALL.c.tag).where(
            CALL.c.provider == provider, CALL.c.provider_call_id == provider_id
        ),
    )
    return next((tag for query in queries if (tag := db.scalar(query)) is not None), None)


def _is_held(db: Connection, tag: str) -> bool:
    query = select(SUBMISSION.c.state).where(SUBMISSION.c.tag == tag).with_for_update()
    return db.scalar(query) == SubmissionState.HELD.value


def _decided(db: Connection, tag: str, decider: Decider, now: datetime, verb: str) -> bool:
    """Write the decision down and open the batch again for what follows from it."""
    audit.append(
        db, actor=decider.actor, verb=f"held {verb}", subject=tag, reason=decider.reason, now=now
    )
    batch_id = db.execute(select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag)).scalar_one()
    # The calls may have been over long ago, and the list must be swept for what is adopted.
    values = {"due_at": now, "clean_rounds": 0}
    db.execute(update(BATCH).where(BATCH.c.id == batch_id).values(values))
    advancing.settle(db, batch_id, now, own_progress=False)
    return True
