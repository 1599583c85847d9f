"""What cannot be sent, again and again, is given up if another provider can do it."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from campaign.states import AttemptState, RecipientState, SubmissionState
from store.allowance.terms import terms_of
from store.failover.moving import move_on
from store.failover.refusals import GIVEN_UP, applies
from store.submissions.deciding import close
from store.submissions.history import LOG, log
from store.submissions.views import SUBMISSION

TRIES = 5
"""Of one submission, before it is given up."""


def give_up_unsent(db: Connection, tag: str, now: datetime, reason: str) -> bool:
    """Give up a submission of which not one byte ever left, if the campaign has another provider.

    Its people go on to that. Returns False, and does nothing, before the fifth try, or if a byte
    may ever have left.
    """
    tries = select(func.count()).where(LOG.c.tag == tag, LOG.c.event == "not_done")
    if not applies(terms_of(db, tag)) or db.execute(tries).scalar_one() < TRIES:
        return False
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state == SubmissionState.PLANNED.value,
            SUBMISSION.c.sent_at.is_(None),
        )
        .values(state=SubmissionState.ABANDONED.value, due_at=None, note=reason)
    )
    if db.execute(statement).rowcount != 1:
        return False
    why = f"could not be sent {TRIES} times: {reason}"
    close(db, tag, AttemptState.FAILED, RecipientState.READY, now=now, reason=why)
    log(db, tag, GIVEN_UP, now, detail=reason)
    move_on(db, tag, now)
    return True
