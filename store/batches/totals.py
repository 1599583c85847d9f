"""What a provider says that it has, against what it has shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Table, func, select

from campaign.states import BatchState
from store.batches.views import BATCH, CALL, BatchView
from store.database.columns import table_of
from store.tables import UnreadRow

_UNREAD = table_of(UnreadRow)

ROUNDS = 4
"""Sweeps that bring nothing new, after which a total that is not reached is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A batch that was closed although its provider spoke of more calls than it showed."""

    batch_no: int
    provider: str
    total: int
    kept: int


def owes_more(db: Connection, batch: BatchView) -> bool:
    """Whether the provider says that it has calls of a batch which no sweep has brought.

    Believed for a few sweeps only: totals count whom a provider never called, too, and some are
    wrong.
    """
    if batch.total is None or batch.clean_rounds >= ROUNDS:
        return False
    query = select(_kept(BATCH.c.id)).where(BATCH.c.id == batch.id)
    return db.execute(query).scalar_one() < batch.total


def shortfalls(db: Connection, campaign_id: str) -> Iterator[Shortfall]:
    """Yield the batches that were closed short of their provider's total, in order."""
    over = [BatchState.SETTLED.value, BatchState.HELD.value]
    kept = _kept(BATCH.c.id)
    query = (
        select(BATCH.c.no.label("batch_no"), BATCH.c.provider, BATCH.c.total, kept.label("kept"))
        .where(BATCH.c.campaign_id == campaign_id, BATCH.c.state.in_(over), kept < BATCH.c.total)
        .order_by(BATCH.c.no)
    )
    for row in db.execute(query):
        yield Shortfall(**row._asdict())


def _kept(batch_id: ColumnElement[str]) -> ColumnElement[int]:
    """Count the calls that are stored, and the rows that could not be read."""
    return _rows(CALL, batch_id) + _rows(_UNREAD, batch_id)


def _rows(table: Table, batch_id: ColumnElement[str]) -> ScalarSelect[int]:
    rows = select(func.count()).select_from(table).where(table.c.batch_id == batch_id)
    return rows.correlate(BATCH).scalar_subquery()
