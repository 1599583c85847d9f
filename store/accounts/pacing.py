"""Whose turn it is to place calls on an account: by its patience, its calls per minute, its lines.

Everything is counted from the submissions of all campaigns in the transaction that claims one, with
the account locked: two runners cannot both take the last place.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select, update

from campaign.errors import RateLimited
from campaign.rate import Placed, Rate
from campaign.states import AttemptState, BatchState, SubmissionState
from store.accounts import memory as accounts
from store.database.columns import table_of
from store.planning.choosing import Judge
from store.submissions import claiming, starting
from store.submissions.views import ATTEMPT, SUBMISSION
from store.tables import Batch

_BATCH = table_of(Batch)

_NEXT_LINE = timedelta(seconds=5)
"""Nobody can tell when a line will be free."""

# What was given up before a start never rang; a refusal proves that nothing was done.
_PLACED = [
    state.value
    for state in (SubmissionState.UNKNOWN, SubmissionState.HELD, SubmissionState.ACCEPTED)
]
_UNDER_WAY = [
    state.value
    for state in (SubmissionState.INTENT, SubmissionState.UNKNOWN, SubmissionState.ACCEPTED)
]
_NOT_OVER = [AttemptState.ASSIGNED.value, AttemptState.SUBMITTED.value]
_OPEN_BATCHES = [state.value for state in BatchState if not state.over]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much of an account a campaign may use."""

    account: str
    rate: Rate | None = None
    """The campaign's calls per minute, of which those of all others on the account are part."""
    concurrency: int | None = None
    """Calls at a time that the account's owner allows, over all campaigns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It is not its turn yet."""

    until: datetime
    reason: str


def claim(
    db: Connection,
    tag: str,
    quota: Quota,
    *,
    lines: int,
    owner: str,
    body: bytes,
    keys: Collection[str],
    start_at: datetime | None,
    now: datetime,
    lease: timedelta,
) -> int | Wait | None:
    """Claim a submission as `claiming.claim` does, if it is its turn.

    `lines`: calls of it that may be under way at once. If it is not, all of its batch that is
    planned is put off until it may be.
    """
    waits = turn(db, tag, quota, lines=lines, now=now)
    if waits is not None:
        its_batch = select(SUBMISSION.c.batch_id).where(SUBMISSION.c.tag == tag)
        put_off(db, db.execute(its_batch).scalar_one(), waits)
        return waits
    epoch = claiming.claim(
        db, tag, owner=owner, body=body, keys=keys, start_at=start_at, now=now, lease=lease
    )
    if epoch is not None:
        values = {"account": quota.account, "lines": lines, "paced_at": now}
        db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(values))
    return epoch


def mark_start(
    db: Connection,
    tag: str,
    provider_batch_id: str,
    quota: Quota,
    *,
    now: datetime,
    judge: Judge | None = None,
) -> None:
    """Mark the start of a two-phase batch as `starting.mark_start` does, if it is its turn.

    A start that is repeated has had its turn. Raises `RateLimited` and `Stopped`.
    """
    accounts.patience(db, quota.account, lock=True)
    marked = select(SUBMISSION.c.start_wire_at).where(SUBMISSION.c.tag == tag)
    if db.scalar(marked) is None:
        waits = _by_rate(db, tag, quota, now)
        if waits is not None:
            raise RateLimited(f"waits: {waits.reason}", retry_after=waits.until - now)
    starting.mark_start(db, tag, provider_batch_id, now, judge)
    db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(paced_at=now))


def turn(db: Connection, tag: str, quota: Quota, *, lines: int, now: datetime) -> Wait | None:
    """Return until when a submission has to wait for its account; None: it is its turn.

    Nobody else's turn comes before this transaction has ended.
    """
    patience = accounts.patience(db, quota.account, lock=True)
    pause = patience.wait(now, dials=True)
    if pause > timedelta(0):
        return Wait(until=now + pause, reason="the account is to be left alone")
    return _by_rate(db, tag, quota, now) or _by_lines(db, tag, quota, lines, now)


def put_off(db: Connection, batch_id: str, waits: Wait, *, starts: bool = False) -> None:
    """Let all of a batch that is planned wait, at least so long; and what waits for its start."""
    s = SUBMISSION.c
    to_be_done = s.state == SubmissionState.PLANNED.value
    if starts:
        unstarted = (s.state == SubmissionState.ACCEPTED.value) & s.started_at.is_(None)
        to_be_done = or_(to_be_done, unstarted)
    waiting = (s.batch_id == batch_id) & to_be_done
    early = or_(s.due_at.is_(None), s.due_at < waits.until)
    db.execute(
        update(SUBMISSION)
        .where(waiting, early)
        .values(due_at=waits.until, note=f"waits: {waits.reason}")
    )


def lines_left(db: Connection, quota: Quota) -> int | None:
    """How many further calls the account may have under way; None: that is the provider's."""
    if quota.concurrency is None:
        return None
    return max(quota.concurrency - _busy(db, quota.account, but=None), 0)


def _by_rate(db: Connection, tag: str, quota: Quota, now: datetime) -> Wait | None:
    rate = quota.rate
    if rate is None:
        return None
    wanted = db.execute(
        select(func.count()).where(ATTEMPT.c.tag == tag, ATTEMPT.c.state.in_(_NOT_OVER))
    ).scalar_one()
    placed = _placed(db, quota.account, now - rate.per, now, but=tag)
    until = rate.free_at(placed, wanted, now)
    if until is None:
        return None
    minutes = rate.per / timedelta(minutes=1)
    return Wait(until=until, reason=f"{rate.calls} a minute" if minutes == 1 else "its pace")


def _placed(
    db: Connection, account: str, since: datetime, now: datetime, *, but: str
) -> list[Placed]:
    """What was placed on the account lately. What is being sent may ring at any moment."""
    s = SUBMISSION.c
    counts = or_(
        s.state == SubmissionState.INTENT.value, s.state.in_(_PLACED) & (s.paced_at > since)
    )
    query = (
        select(s.state, s.paced_at, func.count())
        .join(ATTEMPT, ATTEMPT.c.tag == s.tag)
        .where(s.account == account, s.tag != but, counts)
        .where(ATTEMPT.c.state != AttemptState.SKIPPED.value)
        .group_by(s.tag, s.state, s.paced_at)
    )
    return [
        (now if state == SubmissionState.INTENT.value else paced_at, calls)
        for state, paced_at, calls in db.execute(query)
    ]


def _by_lines(db: Connection, tag: str, quota: Quota, lines: int, now: datetime) -> Wait | None:
    if quota.concurrency is None:
        return None
    # What was planned when the account had more lines must not wait for ever.
    wanted = min(lines, quota.concurrency)
    if _busy(db, quota.account, but=tag) + wanted <= quota.concurrency:
        return None
    return Wait(until=now + _NEXT_LINE, reason="no line of the account is free")


def _busy(db: Connection, account: str, *, but: str | None) -> int:
    """Lines of the account that may be in use, what is in doubt included."""
    s, a = SUBMISSION.c, ATTEMPT.c
    query = (
        select(s.lines, func.count())
        .select_from(_BATCH)
        .join(ATTEMPT, a.batch_id == _BATCH.c.id)
        .join(SUBMISSION, s.tag == a.tag)
        .where(
            _BATCH.c.state.in_(_OPEN_BATCHES),
            a.state.in_(_NOT_OVER),
            s.state.in_(_UNDER_WAY),
            s.account == account,
        )
        .group_by(s.tag, s.lines)
    )
    if but is not None:
        query = query.where(s.tag != but)
    return sum(min(lines, calls) for lines, calls in db.execute(query))
