"""A campaign that ends before its time: what was not sent never is, what may ring is stopped.

In two transactions, so that a runner at its wire mark and a person who cancels never wait for each
other: first the state, which stops every further byte, then everything that follows from it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from campaign.candidates import Ruling
from campaign.states import BatchState, CampaignState, RecipientState, SubmissionState
from store import books, campaigns
from store.batches import advancing
from store.batches.views import BATCH
from store.decisions import audit
from store.planning.candidates import RECIPIENT
from store.submissions import views as submissions
from store.submissions.screening import call_off

REASON = "the campaign was cancelled"
"""Of everybody who was to be called and no longer is."""

_NOT_RUNG = (SubmissionState.PLANNED, SubmissionState.ACCEPTED)
_OVER = [state.value for state in BatchState if state.over]


def ask(db: Connection, campaign_id: str, *, actor: str, reason: str, now: datetime) -> None:
    """Let nothing more of a campaign be sent, for good; `finish` does the rest.

    Raises `IllegalTransition` if it is over already, `ValueError` without a name and a reason.
    """
    current = campaigns.get(db, campaign_id).state
    never_ran = current is CampaignState.DRAFT
    state = CampaignState.CANCELLED if never_ran else CampaignState.CANCELLING
    campaigns.set_state(db, campaign_id, state, f"{actor}: {reason}", now)
    audit.append(db, actor=actor, verb="cancel", subject=campaign_id, reason=reason, now=now)


def finish(db: Connection, campaign_id: str, now: datetime) -> bool:
    """Go on with a cancellation as far as it goes; safe to repeat.

    Whoever waits for a call is skipped, what was not sent is called off, and what is at a provider
    is to be stopped there. Returns True if nothing is under way there: then it is cancelled.
    """
    # The batches first, as whoever stores a page of them locks them.
    advancing.ask_stop(db, campaign_id, now)
    _skip_waiting(db, campaign_id)
    for batch_id in _under_way(db, campaign_id):
        _call_off(db, batch_id, now)
        advancing.settle(db, batch_id, now, own_progress=False)
    if _under_way(db, campaign_id):
        return False
    said, before = books.books(db, campaign_id).in_words, CampaignState.CANCELLING
    campaigns.set_state(db, campaign_id, CampaignState.CANCELLED, said, now, expected=before)
    return True


def batches_under_way(db: Connection, campaign_id: str) -> Mapping[str, int]:
    """Count the batches that a provider may still work at, by provider."""
    query = (
        select(BATCH.c.provider, func.count().label("batches"))
        .where(BATCH.c.campaign_id == campaign_id, BATCH.c.state.not_in(_OVER))
        .group_by(BATCH.c.provider)
        .order_by(BATCH.c.provider)
    )
    return {row.provider: row.batches for row in db.execute(query)}


def _under_way(db: Connection, campaign_id: str) -> list[str]:
    query = select(BATCH.c.id).where(
        BATCH.c.campaign_id == campaign_id, BATCH.c.state.not_in(_OVER)
    )
    return list(db.scalars(query.order_by(BATCH.c.no)))


def _call_off(db: Connection, batch_id: str, now: datetime) -> None:
    """Call off what has rung nobody; what a provider created and never starts is left there."""
    for one in submissions.of_batch(db, batch_id, _NOT_RUNG):
        call_off(db, one.tag, now, Ruling.skip(REASON))


def _skip_waiting(db: Connection, campaign_id: str) -> None:
    db.execute(
        update(RECIPIENT)
        .where(
            RECIPIENT.c.campaign_id == campaign_id,
            RECIPIENT.c.state == RecipientState.READY.value,
        )
        .values(state=RecipientState.SKIPPED.value, reason=REASON, due_at=None)
    )
