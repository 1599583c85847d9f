"""Where calls come from, and by which policy they are followed up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from campaign.spec import Policy
from store.database.columns import table_of
from store.tables import Batch

_BATCH = table_of(Batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where calls come from."""

    provider: str
    campaign_id: str
    batch_id: str
    policy: Policy
    now: datetime


def lock_batch(db: Connection, batch_id: str) -> Row[Any]:
    """Return a batch as it will be until this transaction has ended.

    To be locked before anything of it: see `store.submissions.locking`.
    """
    return db.execute(select(_BATCH).where(_BATCH.c.id == batch_id).with_for_update()).one()


def origin_of(batch: Row[Any], policy: Policy, now: datetime) -> Origin:
    """Return what a batch is to the calls that come from it."""
    return Origin(
        provider=batch.provider,
        campaign_id=batch.campaign_id,
        batch_id=batch.id,
        policy=policy,
        now=now,
    )
