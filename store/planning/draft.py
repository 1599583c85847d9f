"""What a planned batch is, before and after it is written down."""

from dataclasses import dataclass
from datetime import datetime

from store.allowance.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """A new batch; nothing of it has been sent."""

    batch_id: str
    no: int
    provider: str
    tags: tuple[str, ...]
    """Of its submissions, in order."""
    attempts: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a batch and all its parts have in common."""

    campaign_id: str
    secret: bytes
    provider: str
    now: datetime
    submission_size: int
    from_numbers: tuple[str, ...]
    granted: Room

    def batch_id(self, no: int) -> str:
        """Return the id of the campaign's batch of this number."""
        return f"{self.campaign_id}-{no}"

    def from_number(self, recipient_id: int) -> str | None:
        """Return the caller number that this person always sees; None: the provider's choice."""
        if not self.from_numbers:
            return None
        return self.from_numbers[recipient_id % len(self.from_numbers)]
