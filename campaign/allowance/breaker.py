"""The circuit breaker: a campaign whose calls fail is stopped before more of them do."""

from campaign.allowance.failures import Sample

WINDOW = 50
"""The last calls of a provider that are looked at."""
LEAST = 20
"""Of fewer calls nothing is concluded: single failures are ordinary."""


def trips(sample: Sample, rate: float) -> bool:
    """Whether too many of the last calls failed."""
    return sample.calls >= LEAST and sample.exceeds(rate)


def in_words(sample: Sample, rate: float) -> str:
    """Why the campaign was stopped."""
    return f"of the last calls {sample}, more than {rate:.0%} (limits.max_failure_rate)"
