"""What an account has besides calls: agents, numbers, and a link to its carrier."""

from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from simulator.dialects.vocode.settings import VocodeSettings

# Bait: a client must not let these reach its database.
TWILIO_TOKEN = "twilio-token-canary"  # noqa: S105
OPENAI_KEY = "openai-key-canary"
PINECONE_KEY = "pinecone-key-canary"


@lru_cache(maxsize=256)
def stable_id(*parts: str) -> str:
    """A UUID that is the same for the same parts."""
    return str(UUID(bytes=sha256("/".join(parts).encode()).digest()[:16], version=4))


def stored(number: str, settings: VocodeSettings) -> str:
    """An E.164 number as this account stores it."""
    return number if settings.plus else number.removeprefix("+")


def connection(account: str) -> dict[str, Any]:
    """The carrier's account that a user has linked, credentials and all."""
    return {
        "id": stable_id("connection", account),
        "user_id": stable_id("user", account),
        "type": "account_connection_twilio",
        "credentials": {
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": TWILIO_TOKEN,
        },
        "steering_pool": list[str](),
    }


def agent(agent_id: str, account: str) -> dict[str, Any]:
    """An agent with everything that belongs to it."""
    user = {"user_id": stable_id("user", account)}
    openai = {"credentials": {"openai_api_key": OPENAI_KEY}, "type": "account_connection_openai"}
    pinecone = {"index": "facts", "api_key": PINECONE_KEY, "api_environment": "us-east-1"}
    return {
        "id": agent_id,
        **user,
        "name": "Front desk",
        "prompt": {
            "id": stable_id("prompt", agent_id),
            **user,
            "content": "You are a friendly assistant talking to ${first_name}. Be brief.",
        },
        "language": "en",
        "actions": list[str](),
        "voice": {
            "id": stable_id("voice", agent_id),
            **user,
            "type": "voice_azure",
            "voice_name": "en-US-SteffanNeural",
        },
        "initial_message": "Hello, this is the automated assistant.",
        "webhook": None,
        "vector_database": {
            "id": stable_id("vectors", agent_id),
            **user,
            "type": "vector_database_pinecone",
            **pinecone,
        },
        "openai_account_connection": {"id": stable_id("openai", agent_id), **user, **openai},
        "interrupt_sensitivity": "low",
        "endpointing_sensitivity": "auto",
        "ivr_navigation_mode": "off",
        "conversation_speed": 1,
    }


def phone_number(digits: str, settings: VocodeSettings, account: str) -> dict[str, Any]:
    """A telephone number of the account."""
    return {
        "id": stable_id("number", digits),
        "user_id": stable_id("user", account),
        "active": True,
        "label": "Main line",
        "number": stored("+" + digits, settings),
        "inbound_agent": None,
        "outbound_only": True,
        "example_context": dict[str, str](),
        "telephony_provider": settings.telephony,
        "telephony_account_connection": connection(account),
    }
