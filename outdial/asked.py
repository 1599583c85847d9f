"""What a campaign file asks, key by key, as far as it asks for anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from campaign.durations import say_duration
from campaign.spec import CampaignSpec

_BLOCKS = ("policy", "limits")
_WINDOWS = "policy.calling_windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One key, its value, and what that means."""

    key: str
    """From the top of the file, such as `policy.caps[0].calls`."""
    value: str
    meaning: str


def asked(spec: CampaignSpec) -> list[Asked]:
    """Return every key of `policy` and `limits` that holds: said in the file, or by default.

    Left out is a key whose default asks for nothing, unless the file says something else.
    """
    return [one for block in _BLOCKS for one in _of_block(getattr(spec, block), block)]


def _of_block(block: BaseModel, at: str) -> Iterator[Asked]:
    for name, field in type(block).model_fields.items():
        key, value = f"{at}.{name}", getattr(block, name)
        if _asks_nothing(field, value):
            continue
        meaning = " ".join((field.description or "").split()).partition(". ")[0].rstrip(".")
        yield from _of_value(
            "any_hour" if key == _WINDOWS and value is None else value, key, meaning
        )


def _asks_nothing(field: FieldInfo, value: Any) -> bool:
    """Whether a key holds a default that is nothing: no cap, no budget, not this, none of these."""
    by_default = not field.is_required() and value == field.get_default(call_default_factory=True)
    return by_default and (value is None or value is False or value in ([], {}, ""))


def _of_value(value: Any, key: str, meaning: str) -> Iterator[Asked]:
    if isinstance(value, BaseModel):
        yield from _of_block(value, key)
    elif isinstance(value, list) and any(isinstance(item, BaseModel) for item in value):  # pyright: ignore[reportUnknownVariableType]
        for no, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            yield from _of_value(item, f"{key}[{no}]", meaning)
    else:
        yield Asked(key=key, value=_written(value), meaning=meaning)


def _written(value: Any) -> str:
    """Write a value on one line, much as the file has it."""
    if isinstance(value, timedelta):
        return say_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        plain = _plain(value)
        return yaml.safe_dump(plain, default_flow_style=True, width=10_000).strip()
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value.value if isinstance(value, Enum) else value
