"""HappyRobot's messages: of a use case's hook (`start`, `end`), or CloudEvents of the new platform.

Nothing is signed. A hook may carry headers of the user's own, so the secret is one of them.
docs.happyrobot.ai/webhook-payload-contract/session-status-change.
"""

from collections.abc import Mapping
from typing import Any

from providers.happyrobot.wire import KEY, TAG
from providers.webhook import Hint, Webhook, at, ids, told_in


def _hint(said: Mapping[str, Any]) -> Hint:
    metadata = at(said, "call", "metadata")
    places = (metadata, at(metadata, "custom"))
    [event] = ids(said.get("id")) or {""}
    return Hint(
        calls=ids(
            at(said, "call", "id"), at(said, "data", "run_id"), at(said, "data", "session_id")
        ),
        names=ids(*(at(place, name) for place in places for name in (TAG, KEY))),
        event=event if "specversion" in said else "",
    )


WEBHOOK = Webhook(proof=told_in("x-webhook-secret"), hint=_hint)
