"""One account at a provider, as all runners of the ledger share it."""

from dataclasses import dataclass

from campaign.clock import Clock
from campaign.errors import RateLimited
from campaign.patience import Patience
from campaign.rate import Rate
from campaign.spec import Limits
from store.accounts import memory as accounts
from store.accounts.pacing import Quota
from store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAccount:
    """What `Http` tells and asks before each request."""

    ledger: Ledger
    clock: Clock
    id: str
    concurrency: int | None
    """Calls at a time that the account's owner allows; None: whatever the provider does."""

    async def patience(self) -> Patience:
        """Return what all runners have been told so far."""
        return await self.ledger.run(accounts.patience, self.id)

    async def refused(self, refusal: RateLimited) -> None:
        """Tell all runners of a refusal."""
        await self.ledger.run(accounts.refused, self.id, refusal, self.clock.now())

    def quota(self, limits: Limits) -> Quota:
        """How much of it a campaign may use."""
        per_minute = limits.calls_per_minute
        rate = None if per_minute is None else Rate.of(per_minute)
        return Quota(account=self.id, rate=rate, concurrency=self.concurrency)
