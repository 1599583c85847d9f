"""A campaign at a glance: cheap counts for a display that is drawn anew all the time.

`store.books` is the last word; nothing here checks anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from campaign.states import BatchState, CampaignState, RecipientState
from campaign.words import Outcome
from store.database.columns import table_of
from store.decisions import pausing
from store.decisions.pausing import Pause
from store.tables import Batch, Call, Campaign, Recipient, UnreadRow

_BATCH = table_of(Batch).c
_CALL = table_of(Call).c
_CAMPAIGN = table_of(Campaign).c
_RECIPIENT = table_of(Recipient).c
_UNREAD = table_of(UnreadRow).c


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Where a campaign stands. People by state, calls that are over by outcome."""

    state: CampaignState
    reason: str
    people: Mapping[RecipientState, int]
    calls: Mapping[Outcome, int]
    batches: Mapping[tuple[str, BatchState], int]
    """By provider and state."""
    stopped: Pause | None
    """Who has stopped every campaign of this ledger; None: nobody."""

    @property
    def listed(self) -> int:
        """Everybody."""
        return sum(self.people.values())

    @property
    def closed(self) -> int:
        """Those with whom the campaign has finished."""
        return sum(count for state, count in self.people.items() if state.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch that somebody waits for."""

    id: str
    provider: str
    state: BatchState
    note: str
    due_at: datetime | None
    """Aware UTC: its next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Rows of a provider that could not be read, by their fault."""

    provider: str
    problem: str
    rows: int


def glance(db: Connection, campaign_id: str) -> Glance:
    """Count. Raises `sqlalchemy.exc.NoResultFound` for an unknown id."""
    campaign = select(_CAMPAIGN.state, _CAMPAIGN.state_reason).where(_CAMPAIGN.id == campaign_id)
    people = (
        select(_RECIPIENT.state, func.count())
        .where(_RECIPIENT.campaign_id == campaign_id)
        .group_by(_RECIPIENT.state)
    )
    calls = (
        select(_CALL.outcome, func.count())
        .where(_CALL.campaign_id == campaign_id, _CALL.over)
        .group_by(_CALL.outcome)
    )
    batches = (
        select(_BATCH.provider, _BATCH.state, func.count())
        .where(_BATCH.campaign_id == campaign_id)
        .group_by(_BATCH.provider, _BATCH.state)
        .order_by(_BATCH.provider, _BATCH.state)
    )
    state, reason = db.execute(campaign).one()
    return Glance(
        state=CampaignState(state),
        reason=reason,
        people=Counter({RecipientState(s): n for s, n in db.execute(people)}),
        calls=Counter({Outcome(o): n for o, n in db.execute(calls)}),
        batches={(p, BatchState(s)): n for p, s, n in db.execute(batches)},
        stopped=pausing.paused(db),
    )


def open_batches(db: Connection, campaign_id: str) -> list[OpenBatch]:
    """Return the batches that are not over, the oldest first."""
    over = [state.value for state in BatchState if state.over]
    query = (
        select(_BATCH.id, _BATCH.provider, _BATCH.state, _BATCH.note, _BATCH.due_at)
        .where(_BATCH.campaign_id == campaign_id, _BATCH.state.not_in(over))
        .order_by(_BATCH.no)
    )
    return [
        OpenBatch(
            id=row.id,
            provider=row.provider,
            state=BatchState(row.state),
            note=row.note,
            due_at=row.due_at,
        )
        for row in db.execute(query)
    ]


def unread(db: Connection, campaign_id: str) -> list[Unread]:
    """Return what could not be read, the most frequent fault first."""
    rows = func.count()
    query = (
        select(_BATCH.provider, _UNREAD.problem, rows.label("rows"))
        .select_from(table_of(UnreadRow).join(table_of(Batch), _BATCH.id == _UNREAD.batch_id))
        .where(_BATCH.campaign_id == campaign_id)
        .group_by(_BATCH.provider, _UNREAD.problem)
        .order_by(rows.desc(), _BATCH.provider)
    )
    return [
        Unread(provider=row.provider, problem=row.problem, rows=row.rows)
        for row in db.execute(query)
    ]
