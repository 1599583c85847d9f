"""Everything that the ledger knows of one person in a campaign; for a terminal, never for a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaign.states import AttemptState, RecipientState
from campaign.words import Outcome
from store import suppressions
from store.allowance import telling
from store.allowance.telling import Line
from store.calls import rows
from store.database.columns import table_of
from store.planning.candidates import RECIPIENT, Turn, facts, turns
from store.suppressions import SuppressionView
from store.tables import Attempt, SubmitLog

_ATTEMPT = table_of(Attempt)
_LOG = table_of(SubmitLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a submission's log."""

    at: datetime
    event: str
    status: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStory:
    """One attempt with its calls and what happened to its submission. Times are aware UTC."""

    no: int
    state: AttemptState
    reason: str
    outcome: Outcome | None
    provider: str
    batch_id: str
    tag: str
    key: str
    created_at: datetime
    dialled_at: datetime | None
    closed_at: datetime | None
    calls: Sequence[rows.StoredCall]
    events: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One person in one campaign."""

    recipient_id: int
    external_id: str | None
    state: RecipientState
    reason: str
    due_at: datetime | None
    imported_at: datetime
    source_row: int
    variables: str
    """JSON text."""
    turn: Turn
    """As the rules would judge the person now."""
    suppression: SuppressionView | None
    attempts: Sequence[AttemptStory]
    allowance: Sequence[Line]
    """What is left of the campaign's limits."""


def story(db: Connection, campaign_id: str, phone_number: str, now: datetime) -> Story | None:
    """Tell the story of an E.164 number in a campaign; None: it is not on the list."""
    mine = (RECIPIENT.c.campaign_id == campaign_id) & (RECIPIENT.c.phone_number == phone_number)
    person = db.execute(select(RECIPIENT).where(mine)).first()
    if person is None:
        return None
    (turn,) = turns(db, db.execute(facts().where(mine)).all(), now)
    return Story(
        recipient_id=person.id,
        external_id=person.external_id,
        state=RecipientState(person.state),
        reason=person.reason,
        due_at=person.due_at,
        imported_at=person.imported_at,
        source_row=person.source_row,
        variables=person.variables,
        turn=turn,
        suppression=suppressions.find(db, phone_number),
        attempts=_attempts(db, person.id),
        allowance=telling.lines(db, campaign_id),
    )


def _attempts(db: Connection, recipient_id: int) -> list[AttemptStory]:
    query = select(_ATTEMPT).where(_ATTEMPT.c.recipient_id == recipient_id).order_by(_ATTEMPT.c.no)
    return [
        AttemptStory(
            no=row.no,
            state=AttemptState(row.state),
            reason=row.reason,
            outcome=Outcome(row.outcome) if row.outcome else None,
            provider=row.provider,
            batch_id=row.batch_id,
            tag=row.tag,
            key=row.key,
            created_at=row.created_at,
            dialled_at=row.dialled_at,
            closed_at=row.closed_at,
            calls=rows.of_attempt(db, recipient_id, row.no),
            events=_events(db, row.tag),
        )
        for row in db.execute(query).all()
    ]


def _events(db: Connection, tag: str) -> list[Event]:
    query = select(_LOG).where(_LOG.c.tag == tag).order_by(_LOG.c.id)
    return [_event(row) for row in db.execute(query)]


def _event(row: Any) -> Event:
    return Event(at=row.at, event=row.event, status=row.status, detail=row.detail)
