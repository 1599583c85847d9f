"""What a look at a batch changes: when the next is due, and whether the batch is over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, update

from campaign.pace import LATE_SWEEPS
from campaign.states import BATCH as MACHINE
from campaign.states import BatchState, move
from campaign.words import Progress
from store.batches.reach import Reach, reach
from store.batches.totals import owes_more
from store.batches.unanswered import close_unanswered, stalled, unreadable
from store.batches.views import BATCH, BatchView, Tally, get, tally
from store.calls.origin import lock_batch


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a batch, and what it holds."""

    state: BatchState
    tally: Tally


def schedule(
    db: Connection, seen: BatchView, due_at: datetime | None, note: str, *, stepped_at: datetime
) -> None:
    """Say when the next step is due and what is waited for, now that a step was done.

    `seen`: the batch as `due_at` was decided from. A stop that was asked since then, and whatever
    else is due sooner by now, is not put off.
    """
    its, values = BATCH.c.id == seen.id, {"note": note, "stepped_at": stepped_at}
    db.execute(update(BATCH).where(its).values(values))
    may = BATCH.c.due_at.is_not_distinct_from(seen.due_at) & (
        BATCH.c.stop_asked_at.is_not_distinct_from(seen.stop_asked_at)
    )
    if due_at is not None:
        may = or_(may, BATCH.c.due_at.is_(None), BATCH.c.due_at > due_at)
    db.execute(update(BATCH).where(its, may).values(due_at=due_at))


def looked(
    db: Connection, batch_id: str, progress: Progress, now: datetime, *, total: int | None = None
) -> None:
    """Record a successful look at the provider's batch; `total`: of its calls, if it says."""
    batch = get(db, batch_id)
    values: dict[str, object] = {"progress": progress.value}
    if total is not None:
        values["total"] = total
    db.execute(update(BATCH).where(BATCH.c.id == batch_id).values(values))
    is_over = progress.over or stalled(db, batch, progress, now)
    _note_over(db, batch, now, is_over=is_over)


def _note_over(db: Connection, batch: BatchView, now: datetime, *, is_over: bool) -> None:
    """Keep since when a batch is over: only what is swept from then on can be known to be all."""
    if is_over is (batch.over_at is not None):
        return
    values: dict[str, object] = {"over_at": None}
    if is_over:
        values = {"over_at": now, "clean_rounds": 0, "round_changed": batch.cursor is not None}
    db.execute(update(BATCH).where(BATCH.c.id == batch.id).values(values))


def collected(db: Connection, batch_id: str) -> None:
    """Record that asking the provider went well."""
    db.execute(update(BATCH).where(BATCH.c.id == batch_id, BATCH.c.failures > 0).values(failures=0))


def failed(db: Connection, batch_id: str, due_at: datetime, note: str) -> None:
    """Record a look that failed: borne, and tried again at `due_at`."""
    db.execute(
        update(BATCH)
        .where(BATCH.c.id == batch_id)
        .values(failures=BATCH.c.failures + 1, due_at=due_at, note=note)
    )


def restart_sweep(db: Connection, batch_id: str) -> None:
    """The provider no longer knows the cursor: sweep from the beginning."""
    db.execute(update(BATCH).where(BATCH.c.id == batch_id).values(cursor=None, round_changed=True))


def settle(db: Connection, batch_id: str, now: datetime, *, own_progress: bool) -> Settled:
    """Decide from the rows what state a batch is in.

    It is settled when every submission is decided, every attempt has an outcome, and, after the
    provider was over with it, a whole sweep brought nothing new, or some more where the provider
    says that it has more calls; one of which nothing can be heard is not waited for.
    `own_progress`: the provider has no batch object, so it is over when its calls are.
    """
    lock_batch(db, batch_id)
    batch = get(db, batch_id)
    counted = tally(db, batch_id)
    if own_progress:
        is_over = not (counted.submitted or counted.undecided) or stalled(db, batch, None, now)
        _note_over(db, batch, now, is_over=is_over)
        batch = get(db, batch_id)
    waits = counted.submitted and not (counted.undecided or counted.unstarted_submissions)
    more = owes_more(db, batch)
    if waits and close_unanswered(db, batch, now, owes_more=more):
        counted = tally(db, batch_id)
    state = _state(batch, counted, gives_up=unreadable(db, batch, now), owes_more=more)
    _enter(db, batch, state, now)
    return Settled(state, counted)


def _state(batch: BatchView, counted: Tally, *, gives_up: bool, owes_more: bool) -> BatchState:
    if counted.undecided or counted.unstarted_submissions:
        return BatchState.SUBMITTING
    if not counted.accepted_submissions and not counted.held_submissions:
        return BatchState.REJECTED
    swept_clean = batch.swept_clean and not owes_more
    swept = swept_clean or gives_up or not counted.accepted_submissions
    if counted.submitted or not swept:
        return BatchState.COLLECTING
    return BatchState.HELD if counted.held_submissions or counted.held else BatchState.SETTLED


def _enter(db: Connection, batch: BatchView, state: BatchState, now: datetime) -> None:
    if state is batch.state:
        return
    if batch.state is BatchState.COLLECTING and state is BatchState.SUBMITTING:
        return
    move(MACHINE, batch.state, state)
    values: dict[str, object] = {"state": state.value}
    if state in {BatchState.SETTLED, BatchState.HELD}:
        values |= {"settled_at": now, "late_sweeps": 0}
    db.execute(update(BATCH).where(BATCH.c.id == batch.id).values(**values))


def late_sweep_at(db: Connection, batch_id: str, now: datetime) -> datetime | None:
    """When a batch that is over is swept again; None: never, or it is not over.

    A sweep that failed is repeated when the failed look has said.
    """
    batch = get(db, batch_id)
    if batch.settled_at is None:
        return None
    if batch.failures and batch.due_at is not None and batch.due_at > now:
        return batch.due_at
    moments = [batch.settled_at + pause for pause in LATE_SWEEPS]
    return next((moment for moment in moments if moment > now), None)


def swept_late(db: Connection, batch_id: str) -> None:
    """Count a sweep after the end, unless it failed."""
    db.execute(
        update(BATCH)
        .where(BATCH.c.id == batch_id, BATCH.c.failures == 0)
        .values(late_sweeps=BATCH.c.late_sweeps + 1)
    )


def ask_stop(db: Connection, campaign_id: str, now: datetime) -> None:
    """Have every unfinished batch of a campaign stopped at its provider.

    A held one too: what is in doubt may turn up yet.
    """
    finished = [BatchState.SETTLED.value, BatchState.REJECTED.value]
    db.execute(
        update(BATCH)
        .where(
            BATCH.c.campaign_id == campaign_id,
            BATCH.c.state.not_in(finished),
            BATCH.c.stop_asked_at.is_(None),
        )
        .values(stop_asked_at=now, due_at=now)
    )


def ask_stop_of(db: Connection, batch_id: str, now: datetime) -> None:
    """Have one batch stopped at its provider."""
    db.execute(
        update(BATCH)
        .where(BATCH.c.id == batch_id, BATCH.c.stop_asked_at.is_(None))
        .values(stop_asked_at=now, due_at=now)
    )


def stopped(db: Connection, batch_id: str, now: datetime, asked: Reach | None = None) -> None:
    """The provider took the stop; a doubt, and whatever turned up since, is to be stopped yet.

    `asked`: what it was asked to stop; None: whatever is known now.
    """
    its = BATCH.c.id == batch_id
    lock_batch(db, batch_id)
    missed = frozenset[tuple[str, ...]]() if asked is None else reach(db, batch_id) - asked
    if not missed and not tally(db, batch_id).undecided:
        db.execute(update(BATCH).where(its).values(stopped_at=now))
