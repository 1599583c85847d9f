"""The story of a submission: what happened to it, only ever appended to."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from store.database.columns import table_of
from store.tables import Submission, SubmitLog

LOG = table_of(SubmitLog)
SUBMISSION = table_of(Submission)

_SENT = "start_wire"
_CERTAIN = ("start_refused", "start_stopped", "started")
_LOST = ("start_failed",)


def log(
    db: Connection,
    tag: str,
    event: str,
    now: datetime,
    *,
    epoch: int = 0,
    body_sha256: str = "",
    status: int | None = None,
    request_id: str = "",
    detail: str = "",
) -> None:
    """Append to the story of a submission."""
    db.execute(
        LOG.insert().values(
            tag=tag,
            epoch=epoch,
            at=now,
            event=event,
            body_sha256=body_sha256,
            status=status,
            request_id=request_id,
            detail=detail,
        )
    )


def times(db: Connection, tag: str, *events: str) -> int:
    """How often one of these things happened to a submission."""
    query = select(func.count()).where(LOG.c.tag == tag, LOG.c.event.in_(events))
    return db.execute(query).scalar_one()


def came_to_nothing(db: Connection, tag: str) -> bool:
    """Whether a submission was refused, called off or given up, even if it has turned up since.

    Nobody wants what turns up of it: its people were moved on.
    """
    return times(db, tag, "rejected", "called_off", "abandoned", "given_up") > 0


def claims_in_vain(db: Connection, tag: str, event: str) -> int:
    """How many claims of a submission in a row came to this, and to nothing else."""
    others = select(func.coalesce(func.max(LOG.c.id), 0)).where(
        LOG.c.tag == tag, LOG.c.event.not_in([event, "intent"])
    )
    query = select(func.count()).where(
        LOG.c.tag == tag, LOG.c.event == event, LOG.c.id > others.scalar_subquery()
    )
    return db.execute(query).scalar_one()


def start_lost_at(db: Connection, batch_id: str) -> datetime | None:
    """When the last start of a batch left of which nobody knows whether it worked; None: none did.

    It may still take effect, whatever was said to the starts after it.
    """
    query = (
        select(LOG.c.tag, LOG.c.at, LOG.c.event)
        .join(SUBMISSION, SUBMISSION.c.tag == LOG.c.tag)
        .where(SUBMISSION.c.batch_id == batch_id, LOG.c.event.in_([_SENT, *_CERTAIN, *_LOST]))
        .order_by(LOG.c.id)
    )
    sent: dict[str, datetime] = {}
    lost: list[datetime] = []
    for row in db.execute(query):
        if row.event not in _CERTAIN and row.tag in sent:
            lost.append(sent[row.tag])
        sent.pop(row.tag, None)
        if row.event == _SENT:
            sent[row.tag] = row.at
    return max([*lost, *sent.values()], default=None)
