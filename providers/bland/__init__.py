"""Bland: creating a batch dials; `api: v2` is today's batches, `api: v1` the legacy ones.

- No idempotency key: only the batch's description (v2, at most 60 characters) or label (v1) and
  each call's metadata are ours. A start time some minutes ahead (v2) lets a doubt be settled
  before a telephone rings.
- A v2 batch has no status: its log tells. There is no word for a batch that was stopped.
- `complete` says that no call is left to place, not that anybody was reached.
- Calls are listed without transcripts and mostly without metadata: each is read singly once.
- `call_length` and `max_duration` are minutes, `corrected_duration` is seconds as text, `end_at` is
  the latest possible end. `from` and `to` are places in a list, and numbers in a call.
- `answered_by` may follow the end of the call by a minute.
- `retry` would make Bland dial again by itself: the agent block refuses it.
- The path beside the single call's stop stops every call of the account; neither is used here.
"""

from providers.bland.adapter import Bland
from providers.port import Provider

__all__ = ["PROVIDER", "Bland"]

PROVIDER: type[Provider] = Bland
