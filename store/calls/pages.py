"""A page of a sweep: its rows and the cursor behind it in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from campaign.calls import Call, ListedCall, Page
from campaign.spec import Policy
from store.calls import rows
from store.calls.closing import follow
from store.calls.origin import lock_batch, origin_of
from store.calls.taking import take
from store.database.columns import table_of
from store.tables import Batch

_BATCH = table_of(Batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSaved:
    """What a page brought. Counts are of rows."""

    new: int = 0
    changed: int = 0
    """Calls that were known and now say something else."""
    unread: int = 0
    """Rows that could not be read and were not known yet."""
    foreign: int = 0
    """Calls of somebody else in a list that is not ours alone: not stored."""
    advanced: bool
    """False: another runner was here before, and nothing was written."""


def save_page(
    db: Connection,
    batch_id: str,
    page: Page,
    *,
    cursor_before: str | None,
    round_before: int,
    now: datetime,
    policy: Policy,
    own_only: bool,
) -> PageSaved:
    """Store a page of a batch's calls, what follows from them, and where the sweep goes on.

    Nothing is written unless the sweep still is where this page was asked for. `own_only`: the
    list holds this batch's calls and no others, so that one which no attempt explains is an
    incident; elsewhere it is passed over, unless it bears a tag of ours.
    """
    batch = lock_batch(db, batch_id)
    if (batch.cursor, batch.round) != (cursor_before, round_before):
        return PageSaved(advanced=False)
    saved = _save(db, batch, page, now, policy, own_only=own_only, beside=False)
    _advance(db, batch, page.next, brought_something=bool(saved.new or saved.changed))
    if own_only and page.total is not None:
        statement = update(_BATCH).where(_BATCH.c.id == batch_id)
        db.execute(statement.values(total=page.total))
    return saved


def save_beside(
    db: Connection, batch_id: str, page: Page, *, now: datetime, policy: Policy, own_only: bool
) -> PageSaved:
    """Store a page of a batch that exists beside one of ours.

    What it says of people whom it reached, or who want no more calls, holds. Any other of its calls
    decides nothing, nor does a single read of it: the one that counts may still be under way. Once
    a page of what counts shows such a call, it counts as well.
    """
    batch = lock_batch(db, batch_id)
    saved = _save(db, batch, page, now, policy, own_only=own_only, beside=True)
    if saved.new or saved.changed:
        values = {"round_changed": True, "clean_rounds": 0}
        db.execute(update(_BATCH).where(_BATCH.c.id == batch_id).values(values))
    return saved


def _save(
    db: Connection,
    batch: Row[Any],
    page: Page,
    now: datetime,
    policy: Policy,
    *,
    own_only: bool,
    beside: bool,
) -> PageSaved:
    origin = origin_of(batch, policy, now)
    listed, unread = _sorted_out(page.calls, policy)
    taken = take(db, origin, listed, own_only=own_only, beside=beside)
    follow(db, origin, taken.landed)
    return PageSaved(
        new=taken.new,
        changed=taken.changed,
        unread=rows.keep_unread(db, batch.id, unread, now),
        foreign=taken.foreign,
        advanced=True,
    )


def _sorted_out(
    listed: Sequence[ListedCall], policy: Policy
) -> tuple[list[tuple[Call, bytes]], list[ListedCall]]:
    readable: list[tuple[Call, bytes]] = []
    unread: list[ListedCall] = []
    for row in listed:
        call = None if row.call is None else rows.prepared(row.call, policy)
        problem = row.problem if call is None else rows.fault(call)
        if call is None or problem:
            unread.append(replace(row, problem=problem))
        else:
            readable.append((call, row.raw))
    return readable, unread


def _advance(
    db: Connection, batch: Row[Any], following: str | None, *, brought_something: bool
) -> None:
    changed = batch.round_changed or brought_something
    values: dict[str, object] = {"cursor": following, "round_changed": changed}
    if following is None:
        values |= {
            "round": batch.round + 1,
            "clean_rounds": 0 if changed else batch.clean_rounds + 1,
            "round_changed": False,
        }
    db.execute(update(_BATCH).where(_BATCH.c.id == batch.id).values(values))
