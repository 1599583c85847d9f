"""Our marks on a call of a shared list that no attempt of its batch explains."""

from sqlalchemy import Connection, select

from campaign.calls import Call
from campaign.tags import tag_prefix
from store.calls.joining import ATTEMPT
from store.calls.origin import Origin
from store.database.columns import table_of
from store.tables import Submission

_SUBMISSION = table_of(Submission)


def is_ours(db: Connection, origin: Origin, call: Call, raw: bytes) -> bool:
    """Whether a call bears a tag of ours, and no attempt at all has made it.

    One with a key bears any tag of the campaign; one without, a tag of this batch, as it may be
    another batch's that finds it by number.
    """
    if tag_prefix(origin.campaign_id).encode() not in raw:
        return False
    if call.key is not None:
        known = select(ATTEMPT.c.key).where(ATTEMPT.c.key == call.key)
        return db.execute(known).first() is None
    tags = select(_SUBMISSION.c.tag).where(_SUBMISSION.c.batch_id == origin.batch_id)
    return any(tag.encode() in raw for tag in db.scalars(tags))
