"""What a final call decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from campaign.calls import Call
from campaign.redial import Sequel, after
from campaign.states import RecipientState
from campaign.words import Outcome
from store.calls.joining import ATTEMPT, KnownAttempt
from store.calls.origin import Origin
from store.calls.verdicts import never_began

_REACHED = [outcome.value for outcome in Outcome if outcome.reached]


@dataclass(frozen=True, slots=True)
class Landed:
    """A call that is new or says something new."""

    attempt: KnownAttempt | None
    """None: an orphan."""
    call: Call
    final: bool
    """Its outcome is known as far as it will be."""
    to: str | None = None
    """Whom the provider says it called."""
    beside: bool = False
    """Another call than the one that counts: it may be over, and that one under way."""

    @property
    def tells(self) -> bool:
        """Whether it decides anything: of those beside, whom they reached or who wants no more."""
        return not self.beside or self.call.outcome.reached or self.call.opted_out

    @property
    def rang_beside(self) -> bool:
        """Whether it counts as a try of whom no call that counts rang."""
        begun = self.call.over or self.call.started_at is not None
        return self.beside and begun and not never_began(self.call)


@dataclass(frozen=True, slots=True)
class Tries:
    """What became of a recipient's attempts so far."""

    counted: int = 1
    """Dialled, or perhaps dialled."""
    reached: bool = False


def tries_of(db: Connection, recipient_ids: Sequence[int]) -> Mapping[int, Tries]:
    """Count the attempts of some recipients."""
    if not recipient_ids:
        return {}
    a = ATTEMPT.c
    query = (
        select(
            a.recipient_id,
            func.count(a.dialled_at),
            func.max(case((a.outcome.in_(_REACHED), 1), else_=0)),
        )
        .where(a.recipient_id.in_(recipient_ids))
        .group_by(a.recipient_id)
    )
    return {
        recipient_id: Tries(max(counted, 1), bool(reached))
        for recipient_id, counted, reached in db.execute(query)
    }


def sequel_of(origin: Origin, recipient_id: int, call: Call, tries: Mapping[int, Tries]) -> Sequel:
    """Decide what becomes of a recipient after a final call."""
    tried = tries.get(recipient_id, Tries())
    if tried.reached:
        return Sequel(RecipientState.REACHED, "reached by an earlier attempt")
    return after(call.outcome, tried.counted, origin.policy, call.ended_at or origin.now)
