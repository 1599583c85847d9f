"""What follows a finished attempt: reached, called again later, or given up."""

from dataclasses import dataclass
from datetime import datetime

from campaign.rules.caps import gap_after
from campaign.spec import Policy
from campaign.states import RecipientState
from campaign.words import Outcome


@dataclass(frozen=True, slots=True)
class Sequel:
    """What becomes of the recipient."""

    state: RecipientState
    reason: str
    due_at: datetime | None = None
    """Aware UTC: not called again before."""


# Nobody is called again after these by a rule, whatever the campaign file says: the first was
# reached, the second cannot be, and of the
# third nobody knows whether the telephone rang.
_NEVER_AGAIN = frozenset(
    {Outcome.ANSWERED, Outcome.TRANSFERRED, Outcome.INVALID_NUMBER, Outcome.UNKNOWN}
)


def after(outcome: Outcome, attempts: int, policy: Policy, ended_at: datetime) -> Sequel:
    """Decide about a recipient whose `attempts`-th counted attempt ended with `outcome`."""
    if outcome.reached:
        return Sequel(RecipientState.REACHED, outcome.value)
    if outcome in _NEVER_AGAIN or outcome not in policy.retry_on:
        return Sequel(RecipientState.NOT_REACHED, outcome.value)
    if attempts >= policy.max_attempts:
        return Sequel(RecipientState.NOT_REACHED, f"exhausted after {attempts}: {outcome.value}")
    due_at = ended_at + gap_after(attempts, policy)
    return Sequel(RecipientState.READY, f"again after {outcome.value}", due_at)
