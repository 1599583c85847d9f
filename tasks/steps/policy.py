"""How one provider is treated: what its task module states and the steps read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.spec import Limits
from providers.port import Capabilities


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

    def start_at(
        self, limits: Limits, capabilities: Capabilities, now: datetime
    ) -> datetime | None:
        """When calls that are sent now begin at the earliest; None: at once.

        The same for whoever plans and for whoever sends: people are judged by this instant.
        """
        if capabilities.start_in_future is None:
            return None
        guard = self.start_guard if limits.start_guard is None else limits.start_guard
        return now + guard if guard > timedelta(0) else None


PolicyOf = Callable[[str], Policy]
"""Tells the policy of a provider by its name."""
