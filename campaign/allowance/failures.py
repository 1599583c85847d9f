"""How many of some calls failed, and of what."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from campaign.words import Outcome

FAILURES = frozenset({Outcome.FAILED, Outcome.INVALID_NUMBER, Outcome.UNKNOWN})
"""Outcomes that tell of something broken: nobody at home, a busy line or an answering machine is
none."""

_CAUSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Some calls of one provider that are over, or of which nobody knows."""

    provider: str
    calls: int
    causes: Counter[str]
    """Of those that failed: how often each ended reason came."""

    @classmethod
    def of(cls, provider: str, calls: Iterable[str | None]) -> Self:
        """Count calls, each given as the reason for which it failed; None: it did not."""
        told = list(calls)
        failed = Counter(cause for cause in told if cause is not None)
        return cls(provider=provider, calls=len(told), causes=failed)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.causes.total()

    def exceeds(self, rate: float) -> bool:
        """More than this part of them failed."""
        return self.failed > rate * self.calls

    def __str__(self) -> str:
        said = f"{self.failed} of {self.calls} calls by {self.provider} failed"
        if not self.failed:
            return said
        causes = [f"{count} x {cause}" for cause, count in self.causes.most_common(_CAUSES)]
        return f"{said} ({', '.join(causes)})"
