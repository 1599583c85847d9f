"""The books of a campaign: counted from the rows, and checked against each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, case, exists, func, select

from campaign.states import AttemptState, BatchState, RecipientState, SubmissionState
from campaign.words import Outcome
from store.columns import table_of
from store.tables import (
    Attempt,
    Batch,
    Call,
    Import,
    Incident,
    Recipient,
    Submission,
    UnreadRow,
)

_RECIPIENT = table_of(Recipient).c
_ATTEMPT = table_of(Attempt).c
_SUBMISSION = table_of(Submission).c
_BATCH = table_of(Batch).c
_CALL = table_of(Call).c
_IMPORT = table_of(Import).c
_INCIDENT = table_of(Incident).c
_UNREAD = table_of(UnreadRow).c

_REACHED = [outcome.value for outcome in Outcome if outcome.reached]
_OPEN = [state.value for state in AttemptState if state.open]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What became of everybody. Counts are of recipients."""

    listed: int
    ready: int
    open: int
    reached: int
    not_reached: int
    skipped: int
    expired: int
    held: int
    problems: tuple[str, ...]
    """What contradicts what, in words; empty if nothing does."""

    @property
    def closed(self) -> int:
        """Those with whom the campaign has finished."""
        return self.reached + self.not_reached + self.skipped + self.expired + self.held

    @property
    def closes(self) -> bool:
        """Everybody is accounted for, nobody is in doubt, and nothing contradicts anything."""
        return self.closed == self.listed and not self.held and not self.problems

    @property
    def in_words(self) -> str:
        """The books in one line; counts only."""
        counts = [
            (self.reached, "reached"),
            (self.not_reached, "not reached"),
            (self.skipped, "skipped"),
            (self.expired, "expired"),
            (self.held, "held in doubt"),
            (self.open, "under way"),
            (self.ready, "still to be called"),
        ]
        said = ", ".join(f"{number} {word}" for number, word in counts if number) or "nobody called"
        problems = "".join(f"; {problem}" for problem in self.problems)
        return f"{self.listed} listed: {said}{problems}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """Calls of one provider that ended in one way. Talk in seconds, cost in USD."""

    provider: str
    outcome: str
    calls: int
    talk_seconds: float
    cost_usd: Decimal | None
    """None: the provider tells no cost of any of them."""


def books(db: Connection, campaign_id: str) -> Books:
    """Count and check. The last word on whether a campaign is complete."""
    counts = _by_state(db, campaign_id)
    return Books(
        listed=sum(counts.values()),
        **{state.value: counts.get(state.value, 0) for state in RecipientState},
        problems=tuple(_problems(db, campaign_id)),
    )


def outcomes(db: Connection, campaign_id: str) -> list[OutcomeCount]:
    """The campaign's finished calls by provider and outcome, the most frequent first."""
    calls = func.count()
    query = (
        select(
            _CALL.provider,
            _CALL.outcome,
            calls.label("calls"),
            func.coalesce(func.sum(_CALL.duration_seconds), 0.0).label("talk_seconds"),
            func.sum(_CALL.cost_usd).label("cost_usd"),
        )
        .where(_CALL.campaign_id == campaign_id, _CALL.over)
        .group_by(_CALL.provider, _CALL.outcome)
        .order_by(_CALL.provider, calls.desc(), _CALL.outcome)
    )
    return [
        OutcomeCount(
            provider=row.provider,
            outcome=row.outcome,
            calls=row.calls,
            talk_seconds=float(row.talk_seconds),
            cost_usd=row.cost_usd,
        )
        for row in db.execute(query)
    ]


def _by_state(db: Connection, campaign_id: str) -> dict[str, int]:
    query = (
        select(_RECIPIENT.state, func.count())
        .where(_RECIPIENT.campaign_id == campaign_id)
        .group_by(_RECIPIENT.state)
    )
    return {state: number for state, number in db.execute(query)}


def _problems(db: Connection, campaign_id: str) -> Iterator[str]:
    for query, words in (
        (_reached_without_call(campaign_id), "reached without a call that says so"),
        (_closed_with_open_attempt(campaign_id), "closed with an attempt still open"),
        (_settled_without_verdict(campaign_id), "attempts without a verdict in settled batches"),
        (_unread(campaign_id), "rows of the provider could not be read"),
        (_incidents(campaign_id), "incidents that nobody has resolved"),
    ):
        number = db.execute(query).scalar_one()
        if number:
            yield f"{number} {words}"
    yield from _import_problems(db, campaign_id)


def _reached_without_call(campaign_id: str) -> Select[Any]:
    proof = exists().where(
        _CALL.recipient_id == _RECIPIENT.id, _CALL.outcome.in_(_REACHED), _CALL.over
    )
    return select(func.count()).where(
        _RECIPIENT.campaign_id == campaign_id,
        _RECIPIENT.state == RecipientState.REACHED.value,
        ~proof,
    )


def _closed_with_open_attempt(campaign_id: str) -> Select[Any]:
    under_way = exists().where(_ATTEMPT.recipient_id == _RECIPIENT.id, _ATTEMPT.state.in_(_OPEN))
    closed = [state.value for state in RecipientState if state.closed]
    closed.remove(RecipientState.HELD.value)
    return select(func.count()).where(
        _RECIPIENT.campaign_id == campaign_id, _RECIPIENT.state.in_(closed), under_way
    )


def _settled_without_verdict(campaign_id: str) -> Select[Any]:
    waiting = [AttemptState.ASSIGNED.value, AttemptState.SUBMITTED.value]
    return (
        select(func.count())
        .select_from(table_of(Attempt).join(table_of(Batch), _BATCH.id == _ATTEMPT.batch_id))
        .where(
            _ATTEMPT.campaign_id == campaign_id,
            _BATCH.state == BatchState.SETTLED.value,
            _ATTEMPT.state.in_(waiting),
        )
    )


def _unread(campaign_id: str) -> Select[Any]:
    return (
        select(func.count())
        .select_from(table_of(UnreadRow).join(table_of(Batch), _BATCH.id == _UNREAD.batch_id))
        .where(_BATCH.campaign_id == campaign_id)
    )


def _incidents(campaign_id: str) -> Select[Any]:
    return select(func.count()).where(
        _INCIDENT.campaign_id == campaign_id, _INCIDENT.resolved_at.is_(None)
    )


def _import_problems(db: Connection, campaign_id: str) -> Iterator[str]:
    query = select(
        func.coalesce(func.sum(_IMPORT.accepted), 0),
        func.coalesce(func.sum(case((_IMPORT.finished_at.is_(None), 1), else_=0)), 0),
    ).where(_IMPORT.campaign_id == campaign_id)
    accepted, unfinished = db.execute(query).one()
    people = db.scalar(select(func.count()).where(_RECIPIENT.campaign_id == campaign_id))
    if accepted != people:
        yield f"{accepted} people were imported and {people} are there"
    if unfinished and not _read_again(db, campaign_id):
        yield "the list was not read to its end"


def _read_again(db: Connection, campaign_id: str) -> bool:
    """An interrupted reading is made good by a later one."""
    last = select(func.max(_IMPORT.id)).where(_IMPORT.campaign_id == campaign_id)
    query = select(_IMPORT.finished_at).where(_IMPORT.id == last.scalar_subquery())
    return db.scalar(query) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One submission of which it is not known whether it was accepted."""

    tag: str
    batch_id: str
    provider: str
    state: SubmissionState
    people: int
    looks: int
    note: str
    since: datetime | None
    """Aware UTC: the wire mark."""
    next_look_at: datetime | None
    """Aware UTC."""


def doubts(db: Connection, campaign_id: str) -> list[Doubt]:
    """The campaign's submissions that are in doubt, the oldest first."""
    in_doubt = [SubmissionState.UNKNOWN.value, SubmissionState.HELD.value]
    people = select(func.count()).where(_ATTEMPT.tag == _SUBMISSION.tag).scalar_subquery()
    query = (
        select(table_of(Submission), people.label("people"))
        .join(table_of(Batch), _BATCH.id == _SUBMISSION.batch_id)
        .where(_BATCH.campaign_id == campaign_id, _SUBMISSION.state.in_(in_doubt))
        .order_by(_SUBMISSION.wire_at)
    )
    return [
        Doubt(
            tag=row.tag,
            batch_id=row.batch_id,
            provider=row.provider,
            state=SubmissionState(row.state),
            people=row.people,
            looks=row.looks,
            note=row.note,
            since=row.wire_at,
            next_look_at=row.due_at,
        )
        for row in db.execute(query)
    ]
