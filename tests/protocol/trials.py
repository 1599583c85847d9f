"""Everything that is tried: each fault with each API, each kill, on each database."""

import json
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from tests.flows.campaigns import APIS
from tests.protocol.faults import scenarios
from tests.protocol.killing import CRASH_TABLE

KILL_UNDER = "submit: close after"
"""A scenario under which every point is tried, besides the one in which it is surely reached."""
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One campaign: an API, what goes wrong, where its runners are killed, and its database."""

    api: str
    fault: str
    kills: tuple[str, ...] = ()
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
        return " / ".join(part for part in said if part)

    @property
    def group(self) -> str:
        """The kind of fault, for the report."""
        if self.kills:
            return "killed twice" if len(self.kills) > 1 else "killed once"
        return self.fault.partition(":")[0] if ":" in self.fault else "single calls"


def everything(seed: int) -> list[Trial]:
    """Every fault and every kill on both databases, and of pairs of kills some, drawn by seed.

    In a random order, but SQLite's first: whoever stops early has seen a fair part.
    """
    chance = random.Random(seed)
    faults = [Trial(api=api, fault=name, seed=seed) for api in APIS for name in scenarios(api)]
    kills = list(_kills(seed))
    doubles = [
        replace(one, kills=(*one.kills, chance.choice(list(CRASH_TABLE))))
        for one in chance.sample(kills, len(kills) // 3)
    ]
    ours = chance.sample([*faults, *kills, *doubles], len(faults) + len(kills) + len(doubles))
    theirs = [replace(one, database="postgresql") for one in ours]
    return [*ours, *sorted(theirs, key=lambda one: not one.kills)]


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
            for fault in dict.fromkeys((crash.under, KILL_UNDER)):
                yield Trial(api=api, fault=fault, kills=(name,), seed=seed)
