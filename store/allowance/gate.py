"""The allowance once more, at the last moments before a telephone may ring."""

from datetime import datetime

from sqlalchemy import Connection

from campaign.candidates import Ruling
from campaign.errors import Stopped
from store.allowance import spending
from store.allowance.room import review, tripped
from store.allowance.terms import Terms, terms_of
from store.submissions.screening import call_off


def refuse_beyond(db: Connection, tag: str) -> None:
    """Raise `Stopped` if the budget no longer covers what is bound, or too many calls failed.

    The budget may have been lowered since, or calls have come in dearer than was reserved.
    """
    known = terms_of(db, tag)
    cause = _overdrawn(db, known) or tripped(db, known)
    if cause:
        raise Stopped(cause)


def called_off(db: Connection, tag: str, now: datetime) -> bool:
    """Whether a submission that rang nobody goes beyond the budget: then it is called off.

    Its people wait. Stops the campaign if too many calls failed.
    """
    known = terms_of(db, tag)
    review(db, known.campaign_id, now)
    cause = _overdrawn(db, known)
    return bool(cause) and call_off(db, tag, now, Ruling.later(now, cause))


def _overdrawn(db: Connection, known: Terms) -> str:
    budget = spending.budget(db, known)
    return budget.used_up if budget is not None and budget.overdrawn else ""
