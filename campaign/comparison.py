"""Providers side by side on one vocabulary, and what their figures do and do not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from campaign.statistics import Interval, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFigures:
    """The calls of one provider in one campaign that are over, redials included."""

    provider: str
    calls: int
    answered: int
    """With a person on the line."""
    people: int
    """Who were called."""
    reached: int
    """Who were on the line."""
    priced: int
    """Calls whose cost the provider has told."""
    priced_answered: int
    """Those of them that were answered."""
    cost_usd: Decimal
    """Of the priced calls."""
    median_seconds: float | None
    """Of the answered calls whose length is known."""

    @property
    def answer_rate(self) -> float | None:
        """Answered calls in all calls; None without calls."""
        return self.answered / self.calls if self.calls else None

    @property
    def interval(self) -> Interval | None:
        """Where the answer rate may lie, 95 %."""
        return wilson(self.answered, self.calls)

    @property
    def cost_per_answered(self) -> Decimal | None:
        """USD of all priced calls for each that was answered; None: not told, or none was."""
        return self.cost_usd / self.priced_answered if self.priced_answered else None


def verdict(figures: Sequence[ProviderFigures]) -> list[str]:
    """Say in sentences which answer rates differ, and which cannot be told apart.

    Nothing is said of fewer than two providers with calls.
    """
    rated = [one for one in figures if one.calls]
    rated.sort(key=lambda one: one.answered / one.calls, reverse=True)
    if len(rated) < 2:  # noqa: PLR2004 - a pair
        return []
    said = [
        f"{better.provider} was answered more often than {_listed(worse)}: the intervals do not"
        " overlap."
        for better in rated
        if (worse := [one.provider for one in rated if _beats(better, one)])
    ]
    alike = [
        f"{one.provider} and {other.provider}"
        for one, other in combinations(rated, 2)
        if not _beats(one, other)
    ]
    if not said:
        return ["All intervals overlap: these calls do not tell which provider is answered most."]
    if alike:
        said.append(f"The intervals overlap, so nothing is told apart: {'; '.join(alike)}.")
    return said


def _beats(one: ProviderFigures, other: ProviderFigures) -> bool:
    mine, its = one.interval, other.interval
    return mine is not None and its is not None and mine.low > its.low and not mine.overlaps(its)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
