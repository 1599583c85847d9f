"""A run that has come to rest, from both sides, to be judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from providers import adapter
from providers.port import NO_EFFECT
from store.books import Books as Balance
from tests.protocol.pages import TakenPage
from tests.protocol.truth import Books, Provider
from tests.protocol.wire import Crossing


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run that has come to rest."""

    api: str
    provider_name: str
    provider: Provider
    books: Books
    balances: Mapping[str, Balance]
    """What became of everybody, by campaign, as the ledger counts it."""
    moves: list[str]
    """Changes of state that no machine allows."""
    pages: Sequence[TakenPage]
    """Every page of calls that was taken in, by whichever runner."""
    tries: int = 1
    """Attempts per person, at most."""
    killed: bool = False
    """A runner was killed: then a request may never have left."""
    sure: bool = False
    """Nothing that went wrong leaves a doubt: everybody must be rung exactly once."""
    reran_at: float = inf
    """When the program was run again with nothing left to do."""
    crossings: Sequence[Crossing] = ()
    """Submits that left from this process."""
    strays: Sequence[str] = ()
    """Places that were asked and are not the provider's."""

    @property
    def no_effect(self) -> frozenset[int]:
        """Answers that prove that nothing was done."""
        facts = adapter(self.provider_name).variants()
        return frozenset(NO_EFFECT).intersection(*(one.no_effect for one in facts.values()))

    @property
    def rings_by_start(self) -> bool:
        """What is created rings nobody before it is started."""
        facts = adapter(self.provider_name).variants()
        return all(one.two_phase_start for one in facts.values())

    def marks(self, tag: str, event: str = "wire") -> list[float]:
        """When it was committed that a request of a submission may leave, in order."""
        moments = (one.at for one in self.books.log if (one.tag, one.event) == (tag, event))
        return sorted(moment.timestamp() for moment in moments)

    def marked_bodies(self) -> Iterator[tuple[str, float]]:
        """The hash of each body that may have left, and when that was committed."""
        log = self.books.log
        bodies = {(one.tag, one.epoch): one.body_sha256 for one in log if one.event == "intent"}
        for one in log:
            if one.event == "wire":
                yield bodies[one.tag, one.epoch], one.at.timestamp()
