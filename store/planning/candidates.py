"""Recipients with their past, as the rules want to see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from campaign.candidates import Candidate
from campaign.rules.caps import PastDial
from campaign.states import AttemptState
from campaign.words import Outcome
from store.database.columns import table_of
from store.tables import Attempt, Call, Recipient

RECIPIENT = table_of(Recipient)
_ATTEMPT = table_of(Attempt)
_CALL = table_of(Call)

HISTORY = timedelta(days=62)
"""How far back rules count calls to a number; the longest are sixty days after a refusal (FR)."""

Facts = Row[tuple[Any, ...]]
"""A row of `facts`, or of another query over many columns."""

_CHUNK = 500
_OPEN = frozenset(state.value for state in AttemptState if state.open)


@dataclass(frozen=True, slots=True)
class Turn:
    """A candidate, and what only the ledger asks about it."""

    candidate: Candidate
    busy: bool
    """A call to this number may be under way, in whichever campaign."""


def all_of(db: Connection, campaign_id: str, now: datetime) -> Iterator[Turn]:
    """Yield every recipient of a campaign with its past, in the order of the list.

    For plans and explanations; nothing is changed. Read in chunks, however long the list is.
    """
    last = 0
    while True:
        query = facts().where(RECIPIENT.c.campaign_id == campaign_id, RECIPIENT.c.id > last)
        rows = db.execute(query.order_by(RECIPIENT.c.id).limit(_CHUNK)).all()
        if not rows:
            return
        yield from turns(db, rows, now)
        last = rows[-1].id


def facts() -> Select[tuple[Any, ...]]:
    """Return the query of what `turns` needs of a recipient, for its caller to narrow."""
    r = RECIPIENT.c
    return select(
        r.id,
        r.campaign_id,
        r.provider,
        r.phone_number,
        r.region,
        r.timezone,
        r.jurisdiction,
        r.postcode,
        r.country,
        r.consent,
        r.consent_date,
        r.consent_source,
    )


def turns(db: Connection, people: Sequence[Facts], now: datetime) -> list[Turn]:
    """Add their past to rows of `facts`."""
    attempts = _by_number(db, [person.phone_number for person in people])
    return [_turn(person, attempts.get(person.phone_number, []), now) for person in people]


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger knows of one number."""

    busy: bool
    """A call to it may be under way, in whichever campaign."""
    history: tuple[PastDial, ...]


def pasts(
    db: Connection, numbers: Sequence[str], campaign_id: str | None, now: datetime
) -> dict[str, Past]:
    """Return the past of those of the numbers that have one, as a campaign is to see it."""
    return {
        number: Past(
            any(one.state in _OPEN for one in attempts), _history(attempts, campaign_id, now)
        )
        for number, attempts in _by_number(db, numbers).items()
    }


def _by_number(db: Connection, numbers: Sequence[str]) -> dict[str, list[Facts]]:
    attempts: dict[str, list[Facts]] = {}
    for attempt in _attempts(db, numbers):
        attempts.setdefault(attempt.phone_number, []).append(attempt)
    return attempts


def _attempts(db: Connection, numbers: Sequence[str]) -> Iterator[Facts]:
    """Yield the attempts at some numbers with their calls, as they were dialled.

    An attempt comes twice if the provider placed two calls for it: both rang.
    """
    a, c = _ATTEMPT.c, _CALL.c
    query = (
        select(
            a.campaign_id,
            a.recipient_id,
            a.no,
            a.phone_number,
            a.state,
            a.outcome,
            a.dialled_at,
            a.closed_at,
            c.provider_call_id,
            c.over,
            c.started_at,
            c.ended_at,
            c.first_seen,
            c.opted_out,
        )
        .outerjoin(_CALL, (c.recipient_id == a.recipient_id) & (c.attempt_no == a.no))
        .order_by(a.dialled_at, a.recipient_id, a.no)
    )
    for start in range(0, len(numbers), _CHUNK):
        yield from db.execute(query.where(a.phone_number.in_(numbers[start : start + _CHUNK])))


def _turn(person: Facts, attempts: Sequence[Facts], now: datetime) -> Turn:
    said = person._asdict()
    candidate = Candidate(
        recipient_id=said.pop("id"),
        **said,
        attempts=max((one.no for one in attempts if one.recipient_id == person.id), default=0),
        history=_history(attempts, person.campaign_id, now),
    )
    return Turn(candidate, any(attempt.state in _OPEN for attempt in attempts))


def _history(
    attempts: Sequence[Facts], campaign_id: str | None, now: datetime
) -> tuple[PastDial, ...]:
    """A number is in a campaign once, so that what this campaign dialled it dialled this person."""
    dialled = (_past(one, campaign_id, now) for one in attempts if one.dialled_at is not None)
    return tuple(one for one in dialled if one.this_campaign or one.over_at > now - HISTORY)


def _past(attempt: Facts, campaign_id: str | None, now: datetime) -> PastDial:
    return PastDial(
        at=max(attempt.dialled_at, attempt.started_at or attempt.dialled_at),
        outcome=Outcome(attempt.outcome) if attempt.outcome else None,
        ended_at=_over(attempt, now),
        this_campaign=attempt.campaign_id == campaign_id,
        refused=bool(attempt.opted_out),
    )


def _over(attempt: Facts, now: datetime) -> datetime:
    """Return since when the telephone cannot have rung any more, by whatever is known."""
    called = attempt.provider_call_id is not None
    if attempt.state in _OPEN or (called and not attempt.over):
        return now
    if attempt.ended_at is not None:
        return attempt.ended_at
    seen = [attempt.closed_at, attempt.first_seen]
    return max((moment for moment in seen if moment is not None), default=now)
