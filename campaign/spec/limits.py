"""How fast, how much, how dear; and how often a provider is asked."""

from datetime import timedelta
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from campaign.spec.model import Duration, Model, PositiveDuration


class Limits(Model):
    """How fast, how much, how dear."""

    concurrency: int = Field(default=10, ge=1, le=1000)
    """Simultaneous calls of this campaign. Each of its `open_batches` has an equal part of them,
    also while it is the only one; a doubt keeps its line until it is found or held."""
    batch_size: int = Field(default=200, ge=1, le=10_000)
    """Recipients in one batch."""
    call_length: PositiveDuration = timedelta(minutes=3)
    """How long a call takes, ringing included: a batch holds no more people than can be called
    before their windows close."""
    open_batches: int = Field(default=4, ge=1, le=100)
    """Batches under way at the same time."""
    calls_per_minute: float | None = Field(default=None, gt=0)
    """Calls placed in any minute, those of other campaigns on the same account included.

    Whole calls; below 1, one call in several minutes.
    """
    max_calls: int | None = Field(default=None, ge=1)
    """Attempts of the whole campaign."""
    budget_usd: Decimal | None = Field(default=None, gt=0)
    """Plan no call that this would not pay for: each takes a reservation, which is settled on its
    cost."""
    cost_per_call_usd: Decimal | None = Field(default=None, gt=0)
    """What a call is reserved at before it is placed; if missing, what earlier calls that cost
    something came to. Must be said with a budget where the provider tells no cost."""
    max_failure_rate: float | None = Field(default=None, gt=0, le=1)
    """Stop when more than this part of a provider's last 50 calls failed (`failed`,
    `invalid_number`, `unknown`), of 20 at least."""
    start_guard: Duration | None = None
    """How far ahead a batch's start is set where the provider knows a start time, so that a doubt
    is settled before a telephone
    rings. Missing: the provider's safe value; `0s`: start at once."""

    @property
    def batches_at_once(self) -> int:
        """Open batches, as far as each can have a line of its own."""
        return min(self.open_batches, self.concurrency)

    @property
    def concurrency_of_a_batch(self) -> int:
        """The part of `concurrency` that one of the open batches may use."""
        return max(self.concurrency // self.batches_at_once, 1)


class Polling(Model):
    """How often a provider is asked."""

    min: Duration = timedelta(seconds=5)
    max: Duration = timedelta(minutes=5)
    settle: Duration = timedelta(minutes=10)
    """How long late results of a finished batch are waited for."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.min <= self.max:
            raise ValueError("min must be above zero and not above max")
        return self
