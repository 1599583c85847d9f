"""Names that the provider sees: a tag for each submission, a key for each attempt."""

import hashlib
import hmac
import secrets
from base64 import b32encode
from collections.abc import Iterable

_KEY_LENGTH = 26


def new_code() -> str:
    """A random name for a campaign at the providers, 8 characters of `[a-z2-7]`."""
    return b32encode(secrets.token_bytes(5)).decode().lower()


def attempt_key(secret: bytes, attempt_id: str) -> str:
    """A key that names an attempt to the provider and tells nothing about the person.

    26 characters of `[a-z2-7]`; the same attempt always has the same key.
    """
    digest = hmac.new(secret, attempt_id.encode(), hashlib.sha256).digest()
    return b32encode(digest).decode().lower()[:_KEY_LENGTH]


def submission_tag(code: str, batch_no: int, submission_no: int, keys: Iterable[str]) -> str:
    """The tag of a submission, at most 40 characters; the same calls always have the same."""
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:8]
    return f"{tag_prefix(code)}{batch_no}-{submission_no}-{digest}"


def tag_prefix(code: str) -> str:
    """What every tag of a campaign begins with, and no other."""
    return f"od1-{code}-"
