"""What stays as it is until a transaction has ended.

Locked in one order everywhere, so that two processes at one batch never wait for each other: the
batch, its submission, its attempts, its calls.
"""

from sqlalchemy import Connection, select

from campaign.states import CampaignState, SubmissionState
from store.database.columns import table_of
from store.submissions.views import SUBMISSION, batch_of
from store.tables import Batch, Campaign

_CAMPAIGN = table_of(Campaign)
_BATCH = table_of(Batch)


def lock_batch_of(db: Connection, tag: str) -> None:
    """Let nobody else change the batch of a submission, or store a page of its calls."""
    db.execute(select(_BATCH.c.id).where(_BATCH.c.id == batch_of(tag)).with_for_update()).all()


def still_planned(db: Connection, tag: str) -> bool:
    """Whether nobody has claimed a submission, or will before this transaction has ended."""
    lock_batch_of(db, tag)
    state = select(SUBMISSION.c.state).where(SUBMISSION.c.tag == tag).with_for_update()
    return db.scalar(state) == SubmissionState.PLANNED.value


def campaign_state(db: Connection, tag: str) -> CampaignState:
    """Where the campaign behind a submission stands, and will until this transaction has ended."""
    query = (
        select(_CAMPAIGN.c.state)
        .join(_BATCH, _BATCH.c.campaign_id == _CAMPAIGN.c.id)
        .join(SUBMISSION, SUBMISSION.c.batch_id == _BATCH.c.id)
        .where(SUBMISSION.c.tag == tag)
        .with_for_update(read=True, of=_CAMPAIGN)
    )
    return CampaignState(db.execute(query).scalar_one())
