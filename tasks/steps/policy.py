"""How one provider is treated: what its task module states and the steps read."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Pace and patience with one provider.

    No field has a default: every task module answers every question.
    """

    parallel_submits: int
    """Submissions of one batch in flight at once."""
    parallel_details: int
    """Single calls read at once."""
    first_look: timedelta
    """Between the submission and the first look: nothing has ended before."""
    quiet: timedelta
    """A submission in doubt that was not found for so long, in three looks or more, is held."""
    start_guard: timedelta
    """How far ahead a start is set where the provider knows start times; zero where it does not."""
