"""Vocode's messages: `{type, call_id, payload}`, subscribed to by an agent's webhook.

docs.vocode.dev/webhooks: nothing says that they are signed, and no header can be set, so the
secret is the end of the URL.
"""

from collections.abc import Mapping
from typing import Any

from providers.webhook import Hint, Webhook, ids, told_in_path


def _hint(said: Mapping[str, Any]) -> Hint:
    return Hint(calls=ids(said.get("call_id")))


WEBHOOK = Webhook(proof=told_in_path, hint=_hint, secret_in_path=True)
