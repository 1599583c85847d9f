"""Vocode's hosted API, and Fluents, which speaks the same: one call per request, one long list.

- There is no batch and no campaign, no schedule, no search and no idempotency key. One POST is one
  call; the list has no filter at all, and its `total` may be an estimate.
- A list row has unix times and the agent's id, a single call ISO times and the whole agent.
- Our tag and key travel in `context`, whose values must be text.
- There is no status for a cancelled call: it looks like one that ended. Whoever asked for the end
  has to remember it.
- There is no cost, no duration and no URL of a recording without the key.
- A call quotes its agent and, in clear, the credentials of the telephone account: both are dropped.
- Outbound calls are off until the vendor's support enables them for the account.
"""

from providers.port import Provider
from providers.vocode.adapter import Vocode

__all__ = ["PROVIDER", "Vocode"]

PROVIDER: type[Provider] = Vocode
