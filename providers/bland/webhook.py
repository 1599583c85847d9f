"""Bland's messages: the call's own data after each call, and a word on each phase of a batch.

docs.bland.ai/tutorials/webhook-signing: `X-Webhook-Signature` is the HMAC-SHA256 of the body in
hexadecimal digits, without a time. The sample signs `JSON.stringify(req.body)`, which need not be
what was sent, byte for byte. Whether the word on a batch is signed is documented nowhere.
"""

from collections.abc import Mapping
from typing import Any

from providers.bland.calls import KEY, TAG
from providers.webhook import Hint, Webhook, at, ids, signed_as_written_by_javascript


def _hint(said: Mapping[str, Any]) -> Hint:
    return Hint(
        batches=ids(said.get("batch_id")),
        calls=ids(said.get("call_id"), said.get("c_id")),
        names=ids(at(said, "metadata", TAG), at(said, "metadata", KEY)),
    )


WEBHOOK = Webhook(proof=signed_as_written_by_javascript("x-webhook-signature"), hint=_hint)
