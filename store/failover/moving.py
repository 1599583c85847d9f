"""People on their way to the next provider of the split."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, update

from campaign.failover import following
from campaign.states import AttemptState, RecipientState
from store.allowance.terms import Terms, terms_of
from store.database import bulk
from store.database.columns import instant, table_of
from store.failover.refusals import applies, given_up
from store.tables import Attempt, Recipient, SubmitLog

_ATTEMPT = table_of(Attempt)
_LOG = table_of(SubmitLog)
_RECIPIENT = table_of(Recipient)

_OPEN = [state.value for state in AttemptState if state.open]
_DOUBTS = ("unknown", "recovered_unknown", "held", "planned_again")
"""Events after which nobody can prove what became of a submission, whatever came later."""


def move_on(db: Connection, tag: str, now: datetime) -> int:
    """Send whoever of a submission was provably not dialled on to the next provider.

    To be asked when attempts of it have failed undialled. Each provider is tried once for a person,
    in the order of the split. Returns how many go on; the others stay as they are.
    """
    known = terms_of(db, tag)
    if not applies(known) or _ever_in_doubt(db, tag):
        return 0
    order, closed = [share.provider for share in known.shares], given_up(db, known)
    people: list[tuple[object, ...]] = []
    attempts: list[tuple[object, ...]] = []
    for row in _undialled(db, tag):
        target = following(order, row.provider, {*closed, *_tried(db, row.recipient_id)})
        if target is not None:
            why = f"not dialled by {row.provider} ({row.reason}): goes on to {target}"
            people.append((target, RecipientState.READY.value, why, now, row.recipient_id))
            attempts.append((f"{row.reason}; goes on to {target}", row.recipient_id, row.no))
    bulk.update(db, _RECIPIENT, ["id"], ["provider", "state", "reason", "due_at"], people)
    bulk.update(db, _ATTEMPT, ["recipient_id", "no"], ["reason"], attempts)
    return len(people)


def leave(db: Connection, known: Terms, providers: Collection[str], now: datetime) -> None:
    """Move on whoever waits at a provider that is given up, and may never have been dialled."""
    order = [share.provider for share in known.shares]
    for provider in providers:
        for target in _others(order, provider, providers):
            waiting = update(_RECIPIENT).where(
                _RECIPIENT.c.campaign_id == known.campaign_id,
                _RECIPIENT.c.provider == provider,
                _RECIPIENT.c.state == RecipientState.READY.value,
                ~_has_attempt(_may_have_rung()),
                ~_has_attempt(_failed_at(target)),
            )
            why = f"{provider} refuses its submissions: goes on to {target}"
            due_at = func.coalesce(_RECIPIENT.c.due_at, instant(now))
            db.execute(waiting.values(provider=target, reason=why, due_at=due_at))


def _others(order: Sequence[str], provider: str, closed: Collection[str]) -> list[str]:
    """Every provider that can be gone on to, the next first."""
    others: list[str] = []
    while (target := following(order, provider, {*closed, *others})) is not None:
        others.append(target)
    return others


def _undialled(db: Connection, tag: str) -> Sequence[Row[Any]]:
    """Those whom nothing has rung in this campaign, so far as anybody can know."""
    waiting = [RecipientState.READY.value, RecipientState.NOT_REACHED.value]
    query = (
        select(
            _ATTEMPT.c.recipient_id,
            _ATTEMPT.c.no,
            _ATTEMPT.c.provider,
            _ATTEMPT.c.reason,
        )
        .join(_RECIPIENT, _RECIPIENT.c.id == _ATTEMPT.c.recipient_id)
        .where(
            _ATTEMPT.c.tag == tag,
            _ATTEMPT.c.state == AttemptState.FAILED.value,
            _ATTEMPT.c.dialled_at.is_(None),
            _RECIPIENT.c.provider == _ATTEMPT.c.provider,
            _RECIPIENT.c.state.in_(waiting),
            ~_has_attempt(_may_have_rung()),
        )
    )
    return db.execute(query).all()


def _tried(db: Connection, recipient_id: int) -> Collection[str]:
    query = select(_ATTEMPT.c.provider).where(
        _ATTEMPT.c.recipient_id == recipient_id, _ATTEMPT.c.state == AttemptState.FAILED.value
    )
    return set(db.scalars(query))


def _ever_in_doubt(db: Connection, tag: str) -> bool:
    query = select(_LOG.c.id).where(_LOG.c.tag == tag, _LOG.c.event.in_(_DOUBTS))
    return db.execute(query.limit(1)).first() is not None


_OTHER = _ATTEMPT.alias("other")


def _may_have_rung() -> ColumnElement[bool]:
    return or_(_OTHER.c.dialled_at.is_not(None), _OTHER.c.state.in_(_OPEN))


def _failed_at(provider: str) -> ColumnElement[bool]:
    failed = _OTHER.c.state == AttemptState.FAILED.value
    return failed & (_OTHER.c.provider == provider)


def _has_attempt(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(_OTHER.c.no)
        .where(_OTHER.c.recipient_id == _RECIPIENT.c.id, condition)
        .correlate(_RECIPIENT)
        .exists()
    )
