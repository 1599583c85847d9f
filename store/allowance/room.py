"""How many more people a campaign may call now, and if none, why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, bindparam, func, or_, select

from campaign.allowance import breaker
from campaign.states import AttemptState, BatchState, RecipientState
from store.allowance import spending, trial
from store.allowance.terms import Terms, terms
from store.allowance.tries import ATTEMPT, UNDER_WAY, sample
from store.database.columns import table_of
from store.decisions import incidents
from store.failover.moving import leave
from store.failover.refusals import given_up
from store.tables import Batch, Recipient

_BATCH = table_of(Batch)
_RECIPIENT = table_of(Recipient)

LOOK_AGAIN = timedelta(seconds=30)
"""When somebody waits for calls that are under way."""

_OPEN = [state.value for state in AttemptState if state.open]
_OVER = [state.value for state in BatchState if state.over]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What may be planned at one provider."""

    people: int
    reason: str = ""
    """Why no more, in words."""
    reserved: Decimal | None = None
    """USD that each of them takes from the budget; None: there is no budget."""
    by_lot: bool = False
    """The canary wave: only whoever was never tried, and drawn by lot."""


def room(db: Connection, campaign_id: str, provider: str, size: int, now: datetime) -> Room:
    """Say how many of `size` people may be planned at a provider now.

    To be asked in the transaction that plans them. A campaign whose canary wave or whose last calls
    failed is stopped by it until a person has looked.
    """
    known, cause = review(db, campaign_id, now)
    return Room(people=0, reason=cause) if cause else _room(db, known, provider, size)


def review(db: Connection, campaign_id: str, now: datetime) -> tuple[Terms, str]:
    """Judge a canary wave that is over, and the last calls; stop the campaign if they failed.

    People who wait at a provider that refuses everything go on to the next, if the file says so.
    Returns the terms from now on, and why the campaign was stopped.
    """
    known = terms(db, campaign_id)
    cause = trial.judged(db, known) or tripped(db, known)
    if cause:
        incidents.attention(db, campaign_id, cause, now)
    elif refusals := given_up(db, known):
        leave(db, known, refusals, now)
    return (terms(db, campaign_id) if known.in_canary else known), cause


def tripped(db: Connection, known: Terms) -> str:
    """Why the circuit breaker is open; empty: it is not."""
    rate = known.spec.limits.max_failure_rate
    if rate is None:
        return ""
    for share in known.shares:
        since, last = known.failures_since, breaker.WINDOW
        latest = sample(db, known.campaign_id, share.provider, since=since, last=last)
        if breaker.trips(latest, rate):
            return breaker.in_words(latest, rate)
    return ""


def next_due(db: Connection, campaign_id: str, now: datetime) -> datetime | None:
    """When the next person can be planned, as far as due times and the allowance tell.

    None: nobody can, before something changes that nobody waits for.
    """
    known, cause = review(db, campaign_id, now)
    if cause:
        return None
    return min(_moments(db, known, now), default=None)


def standstill(db: Connection, campaign_id: str, now: datetime) -> str:
    """Why nobody else is called although people are due; empty: nothing of the kind."""
    known, cause = review(db, campaign_id, now)
    if cause or not known.limited:
        return cause
    reasons = [_room(db, known, name, 1).reason for name, _ in _due(db, known, now)]
    return "; ".join(dict.fromkeys(filter(None, reasons)))


def counted_attempts(db: Connection, campaign_id: str) -> int:
    """How many attempts of a campaign were dialled or may be: what `max_calls` limits."""
    counted = or_(ATTEMPT.c.dialled_at.is_not(None), ATTEMPT.c.state.in_(_OPEN))
    query = select(func.count()).where(ATTEMPT.c.campaign_id == campaign_id, counted)
    return db.execute(query).scalar_one()


def _room(db: Connection, known: Terms, provider: str, size: int) -> Room:
    rooms = [
        Room(people=size),
        *_of_max_calls(db, known),
        *_of_budget(db, known, provider),
        *_of_canary(db, known, provider),
        *_of_failover(db, known, provider),
    ]
    people = min(one.people for one in rooms)
    return Room(
        people=people,
        reason="; ".join(one.reason for one in rooms if not one.people),
        reserved=next((one.reserved for one in rooms if one.reserved is not None), None),
        by_lot=any(one.by_lot for one in rooms),
    )


def _of_max_calls(db: Connection, known: Terms) -> Iterator[Room]:
    limit = known.spec.limits.max_calls
    if limit is not None:
        left = max(limit - counted_attempts(db, known.campaign_id), 0)
        yield Room(people=left, reason=f"all {limit} calls of limits.max_calls are made or planned")


def _of_budget(db: Connection, known: Terms, provider: str) -> Iterator[Room]:
    """Give each call its reservation.

    As long as nothing tells what a call costs there, one goes ahead, and all that is left is
    reserved for it.
    """
    budget = spending.budget(db, known)
    if budget is None:
        return
    each = spending.cost_of_a_call(db, known, provider)
    if each is not None:
        yield Room(people=budget.room(each), reason=budget.used_up, reserved=each)
    elif budget.left > 0:
        yield Room(people=1, reserved=budget.left)
    else:
        yield Room(people=0, reason=budget.used_up)


def _of_canary(db: Connection, known: Terms, provider: str) -> Iterator[Room]:
    if known.in_canary:
        wave = trial.waves(db, known)[provider]
        reason = f"waits for the canary wave: {wave.under_way} of {wave.called} calls under way"
        yield Room(people=wave.left, reason=reason, by_lot=True)


def _of_failover(db: Connection, known: Terms, provider: str) -> Iterator[Room]:
    """Ask nothing of a provider that refuses everything, as long as others do the work."""
    reason = given_up(db, known).get(provider)
    if reason is not None:
        yield Room(people=0, reason=reason)


def _moments(db: Connection, known: Terms, now: datetime) -> Iterator[datetime]:
    for provider, due_at in _due(db, known):
        if not known.limited or due_at > now or _room(db, known, provider, 1).people:
            yield due_at
        elif _under_way(db, known.campaign_id):
            yield now + LOOK_AGAIN


def _due(
    db: Connection, known: Terms, until: datetime | None = None
) -> Iterator[tuple[str, datetime]]:
    """Yield each provider with when its next person is due, if it is by `until`."""
    for share in known.shares:
        due_at = _next_of(db, known, share.provider)
        if due_at is not None and (until is None or due_at <= until):
            yield share.provider, due_at


# Built once: to put a query together takes longer than to run it.
_EARLIEST = select(func.min(func.coalesce(_RECIPIENT.c.due_at, _RECIPIENT.c.imported_at))).where(
    _RECIPIENT.c.campaign_id == bindparam("its_id"),
    _RECIPIENT.c.state == RecipientState.READY.value,
    _RECIPIENT.c.provider == bindparam("its_provider"),
)


def _next_of(db: Connection, known: Terms, provider: str) -> datetime | None:
    if known.in_canary and trial.waves(db, known)[provider].left:
        joining = trial.next_due(db, known, provider)
        if joining is not None:
            return joining
    return db.scalar(_EARLIEST, {"its_id": known.campaign_id, "its_provider": provider})


def _under_way(db: Connection, campaign_id: str) -> bool:
    query = (
        select(ATTEMPT.c.no)
        .join(_BATCH, _BATCH.c.id == ATTEMPT.c.batch_id)
        .where(
            _BATCH.c.campaign_id == campaign_id,
            _BATCH.c.state.not_in(_OVER),
            ATTEMPT.c.state.in_(UNDER_WAY),
        )
    )
    return db.execute(query.limit(1)).first() is not None
