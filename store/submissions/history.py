"""The story of a submission: what happened to it, only ever appended to."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from store.database.columns import table_of
from store.tables import SubmitLog

LOG = table_of(SubmitLog)


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
