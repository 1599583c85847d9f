"""What became of everybody, counted from the rows, and whether it adds up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, func, select

from campaign.states import BatchState, RecipientState
from campaign.words import Outcome
from store import crosschecks
from store.database.columns import Money, table_of
from store.tables import Batch, Call, Import, Recipient

_BATCH = table_of(Batch)
_CALL = table_of(Call)
_IMPORT = table_of(Import)
_RECIPIENT = table_of(Recipient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Counts of people. They close if everybody listed is accounted for and nothing is wrong."""

    listed: int
    """Accepted by the imports."""
    reached: int
    not_reached: int
    skipped: int
    expired: int
    held: int
    ready: int
    """Still to be called."""
    open: int
    """Being called."""
    problems: tuple[str, ...] = ()
    """What does not add up, in words; looked for once nothing is under way."""

    @property
    def accounted(self) -> int:
        """People whom the campaign has finished with."""
        return self.reached + self.not_reached + self.skipped + self.expired + self.held

    @property
    def closes(self) -> bool:
        """Everybody listed is accounted for, and every cross-check agrees."""
        return self.listed == self.accounted and not self.problems

    @property
    def in_words(self) -> str:
        """One line for a person: `200 listed: 120 reached, 75 not reached, 5 held`."""
        counts = {
            "reached": self.reached,
            "not reached": self.not_reached,
            "skipped": self.skipped,
            "expired": self.expired,
            "held": self.held,
            "being called": self.open,
            "to be called": self.ready,
        }
        said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        line = f"{self.listed} listed: {said}" if said else f"{self.listed} listed"
        return "; ".join([line, *self.problems])


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """The calls of one provider that ended in one way."""

    provider: str
    outcome: Outcome
    calls: int
    cost_usd: Decimal
    """As far as it is known."""
    talk_seconds: float


def books(db: Connection, campaign_id: str) -> Books:
    """Count the people of a campaign by state; cross-check once nothing is under way."""
    counted = _people(db, campaign_id)
    ready = counted.get(RecipientState.READY.value, 0)
    settled = not ready and not _under_way(db, campaign_id)
    problems = tuple(crosschecks.problems(db, campaign_id)) if settled else ()
    listed = select(func.coalesce(func.sum(_IMPORT.c.accepted), 0)).where(
        _IMPORT.c.campaign_id == campaign_id
    )
    return Books(
        listed=int(db.execute(listed).scalar_one()),
        **{state.value: counted.get(state.value, 0) for state in RecipientState},
        problems=problems,
    )


def _people(db: Connection, campaign_id: str) -> Mapping[str, int]:
    query = (
        select(_RECIPIENT.c.state, func.count().label("people"))
        .where(_RECIPIENT.c.campaign_id == campaign_id)
        .group_by(_RECIPIENT.c.state)
    )
    return {row.state: row.people for row in db.execute(query)}


def _under_way(db: Connection, campaign_id: str) -> bool:
    over = [state.value for state in BatchState if state.over]
    query = select(_BATCH.c.id).where(
        _BATCH.c.campaign_id == campaign_id, _BATCH.c.state.not_in(over)
    )
    return db.execute(query.limit(1)).first() is not None


def outcomes(db: Connection, campaign_id: str) -> list[OutcomeCount]:
    """Count the calls that are over by provider and outcome, the most frequent first."""
    c = _CALL.c
    query = (
        select(
            c.provider,
            c.outcome,
            func.count().label("calls"),
            func.coalesce(func.sum(c.cost_usd), 0, type_=Money()).label("cost_usd"),
            func.coalesce(func.sum(c.duration_seconds), 0.0).label("talk_seconds"),
        )
        .where(c.campaign_id == campaign_id, c.over)
        .group_by(c.provider, c.outcome)
        .order_by(c.provider, func.count().desc(), c.outcome)
    )
    return [
        OutcomeCount(
            provider=row.provider,
            outcome=Outcome(row.outcome),
            calls=row.calls,
            cost_usd=row.cost_usd,
            talk_seconds=row.talk_seconds,
        )
        for row in db.execute(query)
    ]
