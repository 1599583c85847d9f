"""Judge Vapi's JSON by the official OpenAPI document (`schemas/vapi-subset.json`)."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
from jsonschema import Draft202012Validator, FormatChecker

_FILE = Path(__file__).parent / "schemas" / "vapi-subset.json"
_UNDOCUMENTED = {"Call": {"subscriptionLimits"}}
"""What is answered beyond the schema: a new single call comes with the limits."""


def faults_of(value: Any, schema: str) -> list[str]:
    """Where a value departs from a component schema, and every property the schema lacks."""
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _validator(schema).iter_errors(value)  # pyright: ignore[reportUnknownMemberType]
    ]


def properties(schema: str) -> set[str]:
    """The names that a component schema knows."""
    return set(_document()[schema]["properties"])


_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_a_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def _validator(schema: str) -> Draft202012Validator:
    # Stricter than the document: a simulator must not invent properties.
    defs = {name: _closed(definition, name) for name, definition in _document().items()}
    return Draft202012Validator(
        {"$ref": f"#/$defs/{schema}", "$defs": defs}, format_checker=_formats
    )


@cache
def _document() -> dict[str, dict[str, Any]]:
    document: dict[str, Any] = msgspec.json.decode(_FILE.read_bytes())
    return cast("dict[str, dict[str, Any]]", document["$defs"])


def _closed(definition: dict[str, Any], name: str) -> dict[str, Any]:
    known = definition["properties"].keys() | _UNDOCUMENTED.get(name, set())
    return definition | {"propertyNames": {"enum": sorted(known)}}
