"""What a campaign's report is made of, counted from the rows."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from campaign.rules.zones import Clues
from campaign.states import RecipientState
from campaign.words import Outcome
from store.database.columns import UtcDateTime, table_of
from store.tables import Attempt, Call, Recipient

_ATTEMPT = table_of(Attempt)
_CALL = table_of(Call)
_RECIPIENT = table_of(Recipient)

_CHUNK = 5_000
_REACHED = [outcome.value for outcome in Outcome if outcome.reached]
_PICKED_UP = [*_REACHED, Outcome.VOICEMAIL.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """The people who were called so many times, or may have been."""

    times: int
    people: int
    picked_up: int
    """Some of those times a person or a machine picked up."""
    reached: int
    """Some of those times a person was on the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why people are in a state, in the words of the rules."""

    state: RecipientState
    reason: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One call that is over: when it began, and what tells where the person may be."""

    at: datetime
    """Aware UTC."""
    answered: bool
    clues: Clues


@dataclass(frozen=True, slots=True)
class Span:
    """When a campaign's first and last call began, aware UTC; None without calls."""

    first: datetime | None
    last: datetime | None


def tries(db: Connection, campaign_id: str) -> list[Tries]:
    """Count the people by how often they were called, those first who never were."""
    r, a = _RECIPIENT.c, _ATTEMPT.c
    each = (
        select(
            func.count(a.dialled_at).label("times"),
            func.max(case((a.outcome.in_(_PICKED_UP), 1), else_=0)).label("picked_up"),
            func.max(case((a.outcome.in_(_REACHED), 1), else_=0)).label("reached"),
        )
        .select_from(_RECIPIENT.outerjoin(_ATTEMPT, a.recipient_id == r.id))
        .where(r.campaign_id == campaign_id)
        .group_by(r.id)
        .subquery()
        .c
    )
    query = (
        select(
            each.times,
            func.count().label("people"),
            func.sum(each.picked_up).label("picked_up"),
            func.sum(each.reached).label("reached"),
        )
        .group_by(each.times)
        .order_by(each.times)
    )
    return [Tries(**row) for row in db.execute(query).mappings()]


def reasons(db: Connection, campaign_id: str, *, limit: int) -> list[Reason]:
    """Return why people who were not reached are in their state, the most frequent first."""
    r, people = _RECIPIENT.c, func.count()
    query = (
        select(r.state, r.reason, people.label("people"))
        .where(
            r.campaign_id == campaign_id, r.state != RecipientState.REACHED.value, r.reason != ""
        )
        .group_by(r.state, r.reason)
        .order_by(people.desc(), r.state, r.reason)
        .limit(limit)
    )
    return [
        Reason(state=RecipientState(row.state), reason=row.reason, people=row.people)
        for row in db.execute(query)
    ]


def span(db: Connection, campaign_id: str) -> Span:
    """Tell when the calls began."""
    began = _CALL.c.started_at
    query = select(
        func.min(began, type_=UtcDateTime()).label("first"),
        func.max(began, type_=UtcDateTime()).label("last"),
    )
    row = db.execute(query.where(_CALL.c.campaign_id == campaign_id)).one()
    return Span(row.first, row.last)


def started(db: Connection, campaign_id: str) -> Generator[Started]:
    """Yield the calls that are over and whose beginning is known, in no order.

    A call that is no attempt of ours is left out: nobody knows whom it rang.
    """
    c, r = _CALL.c, _RECIPIENT.c
    query = (
        select(
            c.started_at,
            c.outcome.in_(_REACHED).label("answered"),
            r.phone_number,
            r.region,
            r.timezone,
            r.jurisdiction,
            r.postcode,
            r.country,
        )
        .join(_RECIPIENT, r.id == c.recipient_id)
        .where(c.campaign_id == campaign_id, c.over, c.started_at.is_not(None))
        .execution_options(yield_per=_CHUNK)
    )
    with db.execute(query) as rows:
        for row in rows:
            clues = Clues(
                e164=row.phone_number,
                region=row.region,
                timezone=row.timezone,
                state=row.jurisdiction,
                postcode=row.postcode,
                country=row.country,
            )
            yield Started(at=row.started_at, answered=bool(row.answered), clues=clues)
