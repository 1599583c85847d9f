"""Vogent's messages: about single dials, signed, without a job's id.

docs.vogent.ai/platform-overview/api-settings: `X-Elto-Signature` is the HMAC-SHA256 of the raw
body in lower-case hexadecimal digits, without a time. docs.vogent.ai/developers/webhooks: the
envelope is `{event, payload}`, and every payload has `dial_id`.
"""

from collections.abc import Mapping
from typing import Any

from providers.vogent.dials import KEY, TAG
from providers.webhook import Hint, Webhook, at, ids, signed


def _hint(said: Mapping[str, Any]) -> Hint:
    return Hint(
        calls=ids(at(said, "payload", "dial_id")),
        # Undocumented; seen where `POST /dials` was given metadata.
        names=ids(at(said, "metadata", TAG), at(said, "metadata", KEY)),
    )


WEBHOOK = Webhook(proof=signed("x-elto-signature"), hint=_hint)
