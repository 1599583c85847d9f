"""Whether the rows of a campaign agree with each other once nothing is under way."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    Select,
    case,
    func,
    literal,
    select,
    union_all,
)

from campaign.states import AttemptState, BatchState, RecipientState, SubmissionState
from campaign.words import Outcome
from store.database.columns import table_of
from store.tables import Attempt, Batch, Call, Import, Incident, Recipient, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_CALL = table_of(Call)
_IMPORT = table_of(Import)
_INCIDENT = table_of(Incident)
_RECIPIENT = table_of(Recipient)
_SUBMISSION = table_of(Submission)

_OPEN = [state.value for state in AttemptState if state.open]
_WITHOUT_CALL = [AttemptState.FAILED.value, AttemptState.SKIPPED.value]
_REACHED = [outcome.value for outcome in Outcome if outcome.reached]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchBook:
    """The attempts of one batch: planned = accepted + refused + in doubt + given up + waiting."""

    batch_id: str
    state: BatchState
    planned: int
    accepted: int
    refused: int
    in_doubt: int
    given_up: int
    waiting: int
    with_call: int
    """Of the accepted ones; with_call + without_call + missing is all of them."""
    without_call: int
    """Provably no call came of it."""

    @property
    def missing(self) -> int:
        """Accepted, and neither a call nor a reason for none."""
        return self.accepted - self.with_call - self.without_call

    @property
    def problem(self) -> str:
        """What is wrong with a batch that nobody waits for any more; empty: nothing."""
        parts = self.accepted + self.refused + self.in_doubt + self.given_up + self.waiting
        if self.planned != parts:
            return f"batch {self.batch_id}: {self.planned} planned, but {parts} accounted for"
        if self.state is BatchState.SETTLED and self.missing:
            return f"batch {self.batch_id} is settled, but {self.missing} calls are missing"
        if self.state is BatchState.SETTLED and (self.in_doubt or self.waiting):
            unsent = self.in_doubt + self.waiting
            return f"batch {self.batch_id} is settled, but {unsent} attempts were not decided"
        return ""


def problems(db: Connection, campaign_id: str) -> Iterator[str]:
    """Yield what does not add up, in words."""
    yield from _import_problems(db, campaign_id)
    wrong_people = (
        select(literal(wrong), func.count())
        .select_from(_RECIPIENT)
        .where(_RECIPIENT.c.campaign_id == campaign_id, condition)
        for wrong, condition in _wrong_people().items()
    )
    query = union_all(*wrong_people, _closed_too_early(campaign_id))
    for wrong, count in db.execute(query):
        if count:
            yield f"{count} {wrong}"
    yield from (book.problem for book in batch_books(db, campaign_id) if book.problem)
    incidents = select(func.count()).where(
        _INCIDENT.c.campaign_id == campaign_id, _INCIDENT.c.resolved_at.is_(None)
    )
    if count := db.execute(incidents).scalar_one():
        yield f"{count} incidents that nobody has resolved"


def _import_problems(db: Connection, campaign_id: str) -> Iterator[str]:
    imports = select(func.coalesce(func.sum(_IMPORT.c.accepted), 0)).where(
        _IMPORT.c.campaign_id == campaign_id
    )
    people = select(func.count()).where(_RECIPIENT.c.campaign_id == campaign_id)
    accepted, stored = db.execute(imports).scalar_one(), db.execute(people).scalar_one()
    if accepted != stored:
        yield f"the imports accepted {accepted} people, but {stored} are stored"


def _wrong_people() -> dict[str, ColumnElement[bool]]:
    state = _RECIPIENT.c.state
    held_attempt = _attempt(_ATTEMPT.c.state == AttemptState.HELD.value)
    reached_call = (
        select(_CALL.c.provider_call_id)
        .where(_CALL.c.recipient_id == _RECIPIENT.c.id, _CALL.c.outcome.in_(_REACHED), _CALL.c.over)
        .exists()
    )
    done_without_call = _attempt(_ATTEMPT.c.state == AttemptState.DONE.value, ~_call_of_attempt())
    return {
        "reached, but by no call": (state == RecipientState.REACHED.value) & ~reached_call,
        "reached by a call, but not counted so": reached_call
        & state.in_([RecipientState.NOT_REACHED.value, RecipientState.READY.value]),
        "held, but with nothing in doubt": (state == RecipientState.HELD.value) & ~held_attempt,
        "being called, but without an attempt": (state == RecipientState.OPEN.value)
        & ~_attempt(_ATTEMPT.c.state.in_(_OPEN)),
        "with a finished attempt, but without its call": done_without_call,
    }


def _closed_too_early(campaign_id: str) -> Select[tuple[str, int]]:
    # From the attempts, of which few are open: from the people PostgreSQL may take minutes.
    closed = [state.value for state in RecipientState if state.closed]
    return (
        select(
            literal("closed, but with an attempt under way"),
            func.count(_RECIPIENT.c.id.distinct()),
        )
        .select_from(_ATTEMPT)
        .join(_RECIPIENT, _RECIPIENT.c.id == _ATTEMPT.c.recipient_id)
        .where(
            _ATTEMPT.c.campaign_id == campaign_id,
            _ATTEMPT.c.state.in_(_OPEN),
            _RECIPIENT.c.state.in_(closed),
            _RECIPIENT.c.state != RecipientState.HELD.value,
        )
    )


def _attempt(*conditions: ColumnElement[bool]) -> Exists:
    return (
        select(_ATTEMPT.c.no)
        .where(_ATTEMPT.c.recipient_id == _RECIPIENT.c.id, *conditions)
        .correlate(_RECIPIENT)
        .exists()
    )


def _call_of_attempt() -> Exists:
    return (
        select(_CALL.c.provider_call_id)
        .where(_CALL.c.recipient_id == _ATTEMPT.c.recipient_id, _CALL.c.attempt_no == _ATTEMPT.c.no)
        .correlate(_ATTEMPT)
        .exists()
    )


def batch_books(db: Connection, campaign_id: str) -> list[BatchBook]:
    """Count the attempts of every batch of a campaign."""
    sent, state, called = _SUBMISSION.c.state, _ATTEMPT.c.state, _call_of_attempt()
    accepted = sent == SubmissionState.ACCEPTED.value
    doubtful = [
        SubmissionState.INTENT.value,
        SubmissionState.UNKNOWN.value,
        SubmissionState.HELD.value,
    ]
    query = (
        select(
            _BATCH.c.id,
            _BATCH.c.state,
            func.count().label("planned"),
            _count(accepted).label("accepted"),
            _count(sent == SubmissionState.REJECTED.value).label("refused"),
            _count(sent.in_(doubtful)).label("in_doubt"),
            _count(sent == SubmissionState.ABANDONED.value).label("given_up"),
            _count(sent == SubmissionState.PLANNED.value).label("waiting"),
            _count(accepted & called).label("with_call"),
            _count(accepted & ~called & state.in_(_WITHOUT_CALL)).label("without_call"),
        )
        .join(_ATTEMPT, _ATTEMPT.c.batch_id == _BATCH.c.id)
        .join(_SUBMISSION, _SUBMISSION.c.tag == _ATTEMPT.c.tag)
        .where(_BATCH.c.campaign_id == campaign_id)
        .group_by(_BATCH.c.id, _BATCH.c.state, _BATCH.c.no)
        .order_by(_BATCH.c.no)
    )
    return [
        BatchBook(batch_id=row.id, state=BatchState(row.state), **_counts(row._asdict()))
        for row in db.execute(query)
    ]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _counts(row: dict[str, int]) -> dict[str, int]:
    return {name: int(count) for name, count in row.items() if name not in {"id", "state"}}
