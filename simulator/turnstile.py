"""How many requests an account may make. No provider publishes its figure: it is set here."""

from collections import defaultdict, deque
from collections.abc import Mapping
from math import ceil
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.dialect import Dialect
from simulator.exchange import Answer


class RequestLimit(BaseModel):
    """At most so many requests of one account in any stretch of so long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1)
    seconds: float = Field(default=60.0, gt=0)
    """Wall clock."""
    retry_after: bool = True
    """A refusal says after how many seconds there is room again."""


class Turnstile:
    """Counts what is let in, by provider and account; what is refused does not count."""

    def __init__(self, limits: Mapping[Any, RequestLimit]) -> None:
        self._limits: Mapping[str, RequestLimit] = limits
        self._let_in: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def refusal(self, dialect: Dialect, account: str, now: float) -> Answer | None:
        """Return the provider's 429, or let the request in."""
        limit = self._limits.get(dialect.name)
        if limit is None:
            return None
        let_in = self._let_in[dialect.name, account]
        while let_in and let_in[0] <= now - limit.seconds:
            let_in.popleft()
        if len(let_in) < limit.requests:
            let_in.append(now)
            return None
        answer = dialect.refusal(429, "Rate limit exceeded.")
        if not limit.retry_after:
            return answer
        return answer.with_headers({"retry-after": str(ceil(let_in[0] + limit.seconds - now))})
