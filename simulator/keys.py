"""Find the client's own ids in whatever it sent along with a call."""

from collections.abc import Mapping, Sequence
from typing import Any

KEY_NAMES: tuple[str, ...] = ("outdial_key", "attempt_key", "client_ref", "runner_row_id")
"""Names under which an attempt key is looked for in metadata, inputs or context."""

TAG_NAMES: tuple[str, ...] = ("outdial_tag", "submission_tag", "runner_token")
"""Names under which a submission tag is looked for."""


def find(names: Sequence[str], *sources: Any) -> str | None:
    """The first non-empty string under one of `names`; what is no mapping is passed over."""
    for source in sources:
        if isinstance(source, Mapping):
            for name in names:
                value: object = source.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
                if isinstance(value, str) and value:
                    return value
    return None


def find_key(*sources: Any, names: Sequence[str] = KEY_NAMES) -> str | None:
    """The client's attempt key."""
    return find(names, *sources)


def find_tag(*sources: Any, names: Sequence[str] = TAG_NAMES) -> str | None:
    """The client's submission tag."""
    return find(names, *sources)
