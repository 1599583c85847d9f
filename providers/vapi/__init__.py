"""Vapi: campaigns of up to 10,000 people (`api: campaign`), or call by call (`api: call`).

- Creating a campaign launches it: there is no draft, no pause, no idempotency key. Its start is
  set ahead, so that a doubt is settled before a telephone rings.
- A campaign's name is all of ours that its list gives back; a contact shows only the number. Calls
  may echo our key among the variables.
- A contact without a call after the campaign's end was never dialled: it becomes a call of its own,
  `contact:<id>`, so that the attempt has a verdict.
- `GET /call` is a bare list, the newest first, without pages: it is walked by time, see `walk`.
- What became of a person is in `endedReason`, whose 600 words keep growing: they are read by rule.
- A live call can be hung up only at another host, which must not see the key: `stop` leaves it.
- Deleting a call that is not scheduled any more erases its results: `stop` looks first.
- The analysis and the cost come seconds after the end. Calls are kept 14 days on pay-as-you-go.
"""

from providers.port import Provider
from providers.vapi.adapter import Vapi

__all__ = ["PROVIDER", "Vapi"]

PROVIDER: type[Provider] = Vapi
