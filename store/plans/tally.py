"""What is decided for many people, summed up without keeping them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from store.plans.deciding import Fate
from store.plans.people import Person

_SHOWN = 5


@dataclass(slots=True)
class Line:
    """Everybody for whom one rule decides the same thing."""

    called: bool
    """Later; else never."""
    kind: str
    reason: str
    """Of the first of them."""
    people: int = 0
    first_at: datetime | None = None
    """The earliest call of those who are called later. Aware UTC."""
    last_at: datetime | None = None
    examples: list[str] = field(default_factory=list[str])
    """The last two digits of some numbers."""


@dataclass(slots=True)
class Clock:
    """Everybody who is called by the same clocks."""

    zones: tuple[str, ...]
    """People are called when all of them allow it; empty: the campaign asks no clock."""
    people: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Example:
    """One call of a plan."""

    last_two: str
    provider: str
    at: datetime
    zones: tuple[str, ...]
    source_row: int


@dataclass(slots=True)
class _Alike:
    """People with one fate."""

    fate: Fate
    people: int = 0
    examples: list[str] = field(default_factory=list[str])


class Tally:
    """Counts of what is decided; memory grows with the number of different fates."""

    def __init__(self, now: datetime, shown: int) -> None:
        self._now = now
        self._shown = shown
        self._alike: dict[int, _Alike] = {}
        self.people = 0
        self.providers = Counter[str]()
        """Those who are called."""
        self.examples: list[Example] = []
        self.lines: dict[tuple[bool, str], Line] = {}
        self.clocks: dict[tuple[str, ...], Clock] = {}
        self.duties = Counter[tuple[str, str]]()

    def add(self, person: Person, fate: Fate) -> None:
        """Count a person."""
        self.people += 1
        alike = self._alike.get(id(fate))
        if alike is None:
            alike = self._begin(fate)
        alike.people += 1
        if len(alike.examples) < _SHOWN:
            alike.examples.append(person.phone_number[-2:])
        if fate.called:
            self.providers[person.provider] += 1
            if len(self.examples) < self._shown:
                self.examples.append(_example(person, fate))

    def _begin(self, fate: Fate) -> _Alike:
        if len(self._alike) == 10_000:  # noqa: PLR2004 - people with a past have a fate of their own
            self.close()
        self._alike[id(fate)] = alike = _Alike(fate)
        return alike

    def close(self) -> None:
        """Bring everything that was added into the sums."""
        for alike in self._alike.values():
            self._sum_up(alike)
        self._alike.clear()

    def _sum_up(self, alike: _Alike) -> None:
        fate, people = alike.fate, alike.people
        if fate.called:
            self._sum_clock(fate, people)
            for duty in fate.duties:
                self.duties[duty] += people
        if fate.called and not fate.waits(self._now):
            return
        line = self.lines.setdefault(
            (fate.called, fate.kind), Line(fate.called, fate.kind, fate.reason)
        )
        line.people += people
        line.examples += alike.examples[: _SHOWN - len(line.examples)]
        if fate.called:
            line.first_at = min(line.first_at or fate.at, fate.at)
            line.last_at = max(line.last_at or fate.at, fate.at)

    def _sum_clock(self, fate: Fate, people: int) -> None:
        clock = self.clocks.get(fate.zones)
        if clock is None:
            self.clocks[fate.zones] = Clock(fate.zones, people, fate.at, fate.at)
            return
        clock.people += people
        clock.first_at = min(clock.first_at, fate.at)
        clock.last_at = max(clock.last_at, fate.at)

    @property
    def later(self) -> int:
        """How many are called, but not at once."""
        return sum(line.people for line in self.lines.values() if line.called)

    @property
    def called(self) -> int:
        """How many are called, now or later."""
        return self.providers.total()


def _example(person: Person, fate: Fate) -> Example:
    return Example(
        person.phone_number[-2:], person.provider, fate.at, fate.zones, person.source_row
    )
