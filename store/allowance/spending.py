"""The budget, from what calls cost and what attempts were given."""

from decimal import Decimal

from sqlalchemy import Connection, Subquery, case, func, or_, select, true

from campaign.allowance.budget import Budget
from campaign.states import AttemptState
from store.allowance.terms import Terms
from store.allowance.tries import ATTEMPT, CALL
from store.database.columns import Money

_OPEN = [state.value for state in AttemptState if state.open]


def budget(db: Connection, known: Terms) -> Budget | None:
    """Count a campaign's money; None: it may cost what it costs."""
    limit = known.spec.limits.budget_usd
    if limit is None:
        return None
    return Budget(limit=limit, spent=_spent(db, known), reserved=_reserved(db, known))


def cost_of_a_call(db: Connection, known: Terms, provider: str) -> Decimal | None:
    """What a call is reserved at; None: nothing tells.

    What the campaign's file says. Otherwise the average of the calls that cost something, by this
    provider in this campaign, or in any if there was none yet.
    """
    said = known.spec.limits.cost_per_call_usd
    if said is not None:
        return said
    average = select(func.avg(CALL.c.cost_usd, type_=Money())).where(
        CALL.c.provider == provider, CALL.c.over, CALL.c.cost_usd > 0
    )
    for calls in (CALL.c.campaign_id == known.campaign_id, true()):
        told = db.scalar(average.where(calls))
        if told is not None:
            return told
    return None


def _spent(db: Connection, known: Terms) -> Decimal:
    query = select(func.coalesce(func.sum(CALL.c.cost_usd), 0, type_=Money()))
    return db.execute(query.where(CALL.c.campaign_id == known.campaign_id)).scalar_one()


def _reserved(db: Connection, known: Terms) -> Decimal:
    """Sum up what attempts hold beyond what their calls have cost so far.

    One that may ring, or did, holds it until it is over and every call of it has told its cost;
    one that provably came to no call holds nothing.
    """
    told = _told(known.campaign_id)
    given = func.coalesce(ATTEMPT.c.reserved_usd, known.spec.limits.cost_per_call_usd or 0)
    rest = given - func.coalesce(told.c.cost, 0)
    under_way = ATTEMPT.c.state.in_(_OPEN)
    unsettled = or_(under_way, told.c.calls.is_(None), told.c.calls > told.c.with_cost)
    held = func.sum(case((rest > 0, rest), else_=0))
    query = (
        select(func.coalesce(held, 0, type_=Money()))
        .select_from(ATTEMPT)
        .outerjoin(
            told,
            (told.c.recipient_id == ATTEMPT.c.recipient_id) & (told.c.attempt_no == ATTEMPT.c.no),
        )
        .where(
            ATTEMPT.c.campaign_id == known.campaign_id,
            or_(under_way, ATTEMPT.c.dialled_at.is_not(None)),
            unsettled,
        )
    )
    return db.execute(query).scalar_one()


def _told(campaign_id: str) -> Subquery:
    """What the calls of each attempt have cost, as far as is told."""
    return (
        select(
            CALL.c.recipient_id,
            CALL.c.attempt_no,
            func.sum(CALL.c.cost_usd).label("cost"),
            func.count().label("calls"),
            func.count(CALL.c.cost_usd).label("with_cost"),
        )
        .where(CALL.c.campaign_id == campaign_id)
        .group_by(CALL.c.recipient_id, CALL.c.attempt_no)
        .subquery()
    )
