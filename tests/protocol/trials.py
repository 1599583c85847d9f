"""Everything that is tried, and what of it: more than this would take more than an hour or two.

- *Faults*: each scenario of the catalogue with each API on SQLite; a third of them, drawn by seed,
  on PostgreSQL too, as the wire does not know which database there is.
- *Kills*: each point with each API whose runners come by, on SQLite under every scenario of
  `tests.protocol.killings` in which it can be reached, on PostgreSQL under a third of these.
- *Two kills*: each point as the second one, after another that lies before it.
- *Another host*: on PostgreSQL, at each point at which something is under way, the runner that goes
  on cannot see the killed one's locks, and has to wait for its lease.
"""

import json
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Self

from tests.flows.campaigns import APIS
from tests.protocol.crashes import CRASH_TABLE, PLAIN
from tests.protocol.faults import scenarios
from tests.protocol.killings import killed_under

DATABASES = ("sqlite", "postgresql")
_PART = 3
"""One in so many is repeated on PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One campaign: an API, what goes wrong, where its runners are killed, and its database."""

    api: str
    fault: str
    kills: tuple[str, ...] = ()
    elsewhere: bool = False
    """Who goes on is on another host."""
    database: str = "sqlite"
    seed: int = 0

    @classmethod
    def read(cls, line: str) -> Self:
        """Read it from JSON."""
        said = json.loads(line)
        return cls(**said | {"kills": tuple(said["kills"])})

    def write(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))

    @property
    def title(self) -> str:
        """The trial in one line."""
        said = [self.api, self.database, self.fault, *(f"killed at {name}" for name in self.kills)]
        said.append("another host goes on" if self.elsewhere else "")
        return " / ".join(part for part in said if part)

    @property
    def group(self) -> str:
        """The kind of fault, for the report."""
        if self.elsewhere:
            return "killed, another host goes on"
        if self.kills:
            return "killed twice" if len(self.kills) > 1 else "killed once"
        return self.fault.partition(":")[0] if ":" in self.fault else "single calls"


def everything(seed: int) -> list[Trial]:
    """Return all trials, the same for the same seed.

    In a random order, but SQLite's first: whoever stops early has seen a fair part.
    """
    chance = random.Random(seed)
    faults = [Trial(api=api, fault=name, seed=seed) for api in APIS for name in scenarios(api)]
    kills, doubles = list(_kills(seed)), list(_doubles(seed, chance))
    ours = [*faults, *kills, *doubles]
    theirs = [*_part(faults, chance), *_part_of_each(kills, chance), *_part(doubles, chance)]
    elsewhere = [replace(one, elsewhere=True) for one in kills if _left_under_way(one)]
    on_postgresql = [replace(one, database="postgresql") for one in [*elsewhere, *theirs]]
    chance.shuffle(ours)
    chance.shuffle(on_postgresql)
    return [*ours, *sorted(on_postgresql, key=lambda one: not one.kills)]


def choose(
    trials: Sequence[Trial], only: Collection[str], sample: int | None, seed: int
) -> list[Trial]:
    """Those whose title has all of these words in it; of them at most `sample`, by seed."""
    chosen = [one for one in trials if all(word in f" / {one.title} /" for word in only)]
    if sample is None or sample >= len(chosen):
        return chosen
    return random.Random(seed).sample(chosen, sample)


def _kills(seed: int) -> Iterator[Trial]:
    for name, crash in CRASH_TABLE.items():
        for api in crash.apis:
            for fault in killed_under(name, api):
                yield Trial(api=api, fault=fault, kills=(name,), seed=seed)


def _doubles(seed: int, chance: random.Random) -> Iterator[Trial]:
    """Each point as the second, where one lies before it under the same scenario."""
    names = list(CRASH_TABLE)
    for place, second in enumerate(names):
        for api in CRASH_TABLE[second].apis:
            pairs = [
                (fault, first)
                for fault in killed_under(second, api)
                for first in names[:place]
                if api in CRASH_TABLE[first].apis and fault in killed_under(first, api)
            ]
            if pairs:
                fault, first = chance.choice(pairs)
                yield Trial(api=api, fault=fault, kills=(first, second), seed=seed)


def _left_under_way(one: Trial) -> bool:
    """The ledger may say that somebody is about to submit, who is dead."""
    [name] = one.kills
    return name.startswith(_UNDER_WAY) and one.fault in PLAIN.values()


_UNDER_WAY = ("c5 ", "c6 ", "c6b ", "c7 ", "c8 ", "c8b ")


def _part_of_each(kills: Sequence[Trial], chance: random.Random) -> Iterator[Trial]:
    """A part of the scenarios of each point and API."""
    for _, ones in groupby(kills, key=lambda one: (one.api, one.kills)):
        yield from _part(list(ones), chance)


def _part(trials: Sequence[Trial], chance: random.Random) -> list[Trial]:
    return chance.sample(trials, -(-len(trials) // _PART))
