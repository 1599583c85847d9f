"""Where calls wait for a free line: an account's trunk, and the lanes of its batches."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from simulator.calls import Call

Window: TypeAlias = Callable[[float], float]
"""The first moment, from a given one on, at which calls may start (`math.inf`: never again)."""


def always(moment: float) -> float:
    """Calls may start at any time."""
    return moment


@dataclass(slots=True, eq=False, kw_only=True)
class Lane:
    """A queue of calls, usually one batch.

    Open and close it with `Network.open_lane` and `close_lane`.
    """

    trunk: "Trunk"
    capacity: int | None = None
    """Most calls of this lane at a time; None: as many as the trunk has lines."""
    is_open: bool = True
    window: Window = always
    waiting: deque[Call] = field(default_factory=deque[Call])
    live: set[Call] = field(default_factory=set[Call])
    wakes_at: float | None = None
    """When the network looks at this lane again because its window opens."""

    @property
    def has_room(self) -> bool:
        """Another call may start as far as this lane is concerned."""
        return self.is_open and (self.capacity is None or len(self.live) < self.capacity)


@dataclass(slots=True, eq=False, kw_only=True)
class Trunk:
    """The lines of one account at one provider."""

    capacity: int
    """Most calls at a time."""
    live: set[Call] = field(default_factory=set[Call])
    lanes: list[Lane] = field(default_factory=list[Lane])
    """Those with calls waiting, in the order in which they began to wait."""
    own: Lane = field(init=False)
    """For calls that belong to no batch."""
    busiest: int = 0
    """Most calls that were ever live together."""

    def __post_init__(self) -> None:
        """Lay the account's own lane."""
        self.own = Lane(trunk=self)

    @property
    def has_room(self) -> bool:
        """A line is free."""
        return len(self.live) < self.capacity
