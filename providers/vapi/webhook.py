"""Vapi's messages: `{message: {type, ...}}`, about a call or a campaign.

docs.vapi.ai/server-url/server-authentication: the credential decides. An HMAC one signs by default
time, dot and body, into `x-signature` and `x-timestamp`; a bearer token comes in `Authorization`;
the older inline secret in `X-Vapi-Secret`.
"""

from collections.abc import Mapping
from typing import Any

from providers.vapi.wire import KEY, TAG
from providers.webhook import Hint, Webhook, any_of, at, ids, signed_with_time, told_in


def _hint(said: Mapping[str, Any]) -> Hint:
    message = at(said, "message")
    call = at(message, "call")
    values = (at(call, "assistantOverrides", "variableValues"), at(call, "metadata"))
    return Hint(
        batches=ids(at(message, "campaignId"), at(call, "campaignId")),
        calls=ids(at(call, "id"), at(message, "data", "callId")),
        names=ids(*(at(place, name) for place in values for name in (TAG, KEY))),
    )


WEBHOOK = Webhook(
    proof=any_of(
        signed_with_time("x-signature", "x-timestamp"),
        told_in("x-vapi-secret"),
        told_in("authorization"),
    ),
    hint=_hint,
)
