"""Money: a call is paid for before it is placed, and settled when its cost is known."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a campaign may spend, and what of it is bound. Amounts are USD."""

    limit: Decimal
    spent: Decimal
    """By calls whose cost the provider has told."""
    reserved: Decimal
    """For calls that are planned or under way, or whose cost is not told."""

    @property
    def left(self) -> Decimal:
        """What may still be reserved; below zero if calls came in dearer, or the limit fell."""
        return self.limit - self.spent - self.reserved

    @property
    def overdrawn(self) -> bool:
        """More is bound than may be spent."""
        return self.left < 0

    def room(self, each: Decimal) -> int:
        """How many further calls can be paid for at `each`."""
        return max(int(self.left // each), 0)

    @property
    def used_up(self) -> str:
        """Why nobody else is called, in words."""
        return f"budget of {self.limit:.2f} USD is used up: {self._bound}"

    def __str__(self) -> str:
        return f"budget of {self.limit:.2f} USD: {self._bound}"

    @property
    def _bound(self) -> str:
        return f"{self.spent:.2f} spent, {self.reserved:.2f} reserved"
