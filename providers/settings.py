"""Where each provider is reached and with which key, from the environment.

`<PROVIDER>_API_KEY`; to reach something other than the live API, `<PROVIDER>_BASE_URL`; and, if the
account can do no more, `<PROVIDER>_CONCURRENCY` calls at a time.
"""

import hashlib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaign.errors import BadInput, Fault
from providers import adapter, webhook

REFERENCE = "env:"
"""What a value of the campaign file begins with whose text is in the environment."""

_SECRET_LENGTH = 16
_IN_URL = re.compile(r"[\w-]+", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one account at one provider."""

    provider: str
    base_url: str
    """Without trailing slash."""
    key: SecretStr
    concurrency: int | None = None
    """Calls that the account may have at a time, over all campaigns; None: left to the provider."""

    @property
    def fingerprint(self) -> str:
        """A name for this account that tells neither key nor address."""
        said = f"{self.provider} {self.base_url} {self.key.get_secret_value()}"
        return hashlib.blake2b(said.encode(), digest_size=16, person=b"outdial account").hexdigest()

    @property
    def live(self) -> bool:
        """Telephones may ring: it is no server on this machine."""
        return not _loopback(urlsplit(self.base_url))


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    api_key: SecretStr | None = None
    base_url: str | None = None
    concurrency: str | None = None


def access(provider: str) -> Access:
    """Read a provider's settings. Raises `BadInput` naming the variable, `Unsupported`."""
    live = adapter(provider).base_url
    said = _Environment(_env_prefix=f"{provider.upper()}_")  # pyright: ignore[reportCallIssue]
    return Access(
        provider=provider,
        base_url=_base_url(f"{provider.upper()}_BASE_URL", said.base_url or live),
        key=_key(key_variable(provider), said.api_key),
        concurrency=_concurrency(f"{provider.upper()}_CONCURRENCY", said.concurrency),
    )


def configured(provider: str) -> bool:
    """The environment holds a key for the provider."""
    return bool(os.environ.get(key_variable(provider), "").strip())


def key_variable(provider: str) -> str:
    """Return the name of the environment variable with the provider's key."""
    return f"{provider.upper()}_API_KEY"


def secret_variable(provider: str) -> str:
    """Return the name of the environment variable with the secret of the provider's messages."""
    return f"{provider.upper()}_WEBHOOK_SECRET"


def webhook_secret(provider: str) -> SecretStr | None:
    """Read the secret that proves a provider's messages; None: there is none. Raises `BadInput`."""
    variable = secret_variable(provider)
    said = os.environ.get(variable, "").strip()
    if not said:
        return None
    if len(said) < _SECRET_LENGTH:
        message = f"the secret is shorter than {_SECRET_LENGTH} characters and could be guessed"
        raise _bad(variable, message, "Make one by `openssl rand -hex 32`.")
    if webhook(provider).secret_in_path and not _IN_URL.fullmatch(said):
        message = "the secret stands in a URL, and holds more than letters, digits, - and _"
        raise _bad(variable, message, "Make one by `openssl rand -hex 32`.")
    return SecretStr(said)


def resolved(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent block with each `env:NAME` in it replaced. Raises `BadInput`."""
    return {name: _resolved(value) for name, value in block.items()}


def resolved_text(value: str) -> str:
    """Return the text, or what the environment says if it is `env:NAME`. Raises `BadInput`."""
    if not value.startswith(REFERENCE):
        return value
    name = value.removeprefix(REFERENCE).strip()
    said = os.environ.get(name, "").strip()
    if not said:
        raise _bad(name, "the campaign file refers to this variable, and it is not set", "Set it.")
    return said


def _resolved(value: Any) -> Any:
    if isinstance(value, str):
        return resolved_text(value)
    if isinstance(value, dict):
        return {name: _resolved(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_resolved(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _key(variable: str, said: SecretStr | None) -> SecretStr:
    key = said.get_secret_value().strip() if said else ""
    if not key:
        raise _bad(variable, "the key is missing", f"Set {variable} in the environment.")
    if key.lower().startswith("bearer "):
        raise _bad(variable, "the key begins with 'Bearer'", "Set the key alone.")
    if key[0] in "\"'" or key[-1] in "\"'":
        raise _bad(variable, "the key is in quotes", "Set it without them.")
    if not _KEY.fullmatch(key):
        raise _bad(variable, "the key holds a blank or a strange character", "Copy it anew.")
    return SecretStr(key)


def _concurrency(variable: str, said: str | None) -> int | None:
    text = (said or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise _bad(variable, "this is no number of calls", "Write a whole number from 1.", text)
    return int(text)


def _base_url(variable: str, text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known, parts = False, urlsplit("")
    if not known or parts.scheme not in {"http", "https"}:
        raise _bad(variable, "this is not a URL", "Write https://host/path.", text)
    if parts.username or parts.password:
        raise _bad(variable, "the URL holds a user or password", "Remove it.")
    if parts.query or parts.fragment:
        raise _bad(variable, "the URL has a query or fragment", "End it with the path.")
    if parts.scheme == "http" and not _loopback(parts):
        raise _bad(variable, "plain http would show the key to everyone", "Write https://.", text)
    return url


def _loopback(url: SplitResult) -> bool:
    host = url.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bad(variable: str, message: str, remedy: str, value: str = "") -> BadInput:
    fault = Fault(message, remedy=remedy, source=variable, value=value)
    return BadInput(f"{variable}: {message}", [fault])
