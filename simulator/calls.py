"""A call on the simulated network: what was ordered, and what is known of it at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from campaign.words import Outcome
from simulator.people import EndedBy, Plan, Reaction

Late: TypeAlias = Literal["transcript", "analysis", "cost", "recording", "answered_by"]
"""Fields that a provider fills in some time after the end of a call."""


class Settle(BaseModel):
    """How many simulated seconds after its end the late fields of a call appear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transcript: float = Field(default=2, ge=0)
    analysis: float = Field(default=8, ge=0)
    cost: float = Field(default=5, ge=0)
    recording: float = Field(default=15, ge=0)
    answered_by: float = Field(default=0, ge=0)


class State(StrEnum):
    """Where a call is. A call that never rings goes from one of the first two to the last."""

    SCHEDULED = "scheduled"
    """Waits for its start time."""
    QUEUED = "queued"
    """Waits for a free line."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One telephone call that a provider was asked to place."""

    provider: str
    account: str
    number: str
    accepted_at: float
    """Wall clock: when the request that carries the number was accepted."""
    body_sha256: str
    """Of that request's body."""
    batch_id: str | None = None
    key: str | None = None
    """The client's attempt key (`simulator.keys.find_key`)."""
    tag: str | None = None
    """The client's submission tag, or the batch's name."""
    not_before: float | None = None
    """Wall clock: do not ring earlier."""
    not_after: float | None = None
    """Wall clock: do not ring later; a call that finds no line until then fails unrung."""
    max_seconds: float = inf
    """Simulated: longest conversation."""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The dialect's own: variables, metadata, anything it must give back."""


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """A call.

    Moments are wall clock; ask `state`, `over` and `settled` with the moment of the reader
    (`Exchange.seen_at`).
    """

    id: str
    order: Order
    position: int
    """In the order of placing, from 0, over the whole network."""
    speed: float
    settle: Settle
    created_at: float
    queued_at: float | None = None
    rang_at: float | None = None
    answered_at: float | None = None
    over_at: float | None = None
    plan: Plan | None = None
    outcome: Outcome | None = None
    ended_by: EndedBy | None = None
    talk_seconds: int = 0
    ring_seconds: int = 0
    dropped: bool = False
    """The provider lost the order: it never rings, and no list shows it."""
    redial_of: str | None = None
    """Call id, when the provider dialled again by itself."""
    end_no: int | None = None
    """Of those of its batch that have rung: the how-manieth to end, from 0."""

    def state(self, moment: float) -> State:
        """Where the call was at a moment."""
        for state, since in (
            (State.ENDED, self.over_at),
            (State.TALKING, self.answered_at),
            (State.RINGING, self.rang_at),
            (State.QUEUED, self.queued_at),
        ):
            if since is not None and since <= moment:
                return state
        return State.SCHEDULED

    def over(self, moment: float) -> bool:
        """It had ended, or would never take place."""
        return self.state(moment) is State.ENDED

    def settled(self, late: Late, moment: float) -> bool:
        """A late field had appeared."""
        return self.over_at is not None and moment >= self.over_at + self._delay(late)

    def updated_at(self, moment: float) -> float:
        """The last change before a moment, late fields included; at the earliest its making."""
        changes = [self.created_at, self.queued_at, self.rang_at, self.answered_at, self.over_at]
        if self.over_at is not None:
            changes += [self.over_at + self._delay(late) for late in Settle.model_fields]
        past = (change for change in changes if change is not None and change <= moment)
        return max(past, default=self.created_at)

    def _delay(self, late: str) -> float:
        seconds: float = getattr(self.settle, late)
        return seconds / self.speed

    @property
    def number(self) -> str:
        """The number that is rung."""
        return self.order.number

    @property
    def rang(self) -> bool:
        """The provider really dialled."""
        return self.rang_at is not None

    @property
    def reaction(self) -> Reaction | None:
        """How the ring goes; None before it rings."""
        return self.plan.reaction if self.plan else None

    @property
    def ended_at(self) -> float | None:
        """The reported end: the start plus the simulated duration. None while it is not over."""
        if self.over_at is None:
            return None
        if self.answered_at is not None:
            return self.answered_at + self.talk_seconds
        return self.over_at if self.rang_at is None else self.rang_at + self.ring_seconds

    def cost(self, per_minute: float, *, minimum: float = 0.0) -> float:
        """USD for the talk time, metered by the second; at least `minimum` if it rang."""
        return round(max(self.talk_seconds / 60 * per_minute, minimum if self.rang else 0.0), 4)
