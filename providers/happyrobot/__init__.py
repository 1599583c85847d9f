"""HappyRobot, legacy API: an array of calls in, no batch object, a status that is the outcome.

- A submission is answered with calls, not with a batch: the batch is ours, and our tag and key
  travel in each call's metadata.
- The order of the answer is not promised: calls are matched by key, else by number, never by
  position.
- A refusal of an array (400) is not said to be all or nothing, so it proves that nothing was done
  only for a single call.
- A call has no start or end time; its transcript has the start, and takes a request of its own.
- Statuses contain spaces and change over the years. An unknown one is no end unless the call has a
  duration, which is absent until the end (docs.happyrobot.ai/api-reference/calls/list-calls).
- A call quotes its whole use case, whose hooks hold other people's secrets: only id and name stay.
"""

from providers.happyrobot.adapter import HappyRobot
from providers.port import Provider

__all__ = ["PROVIDER", "HappyRobot"]

PROVIDER: type[Provider] = HappyRobot
