"""Say what is wrong with a request in the words of NestJS and class-validator."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

_SAYINGS: Mapping[str, str] = {
    "missing": "{name} should not be empty",
    "string_type": "{name} must be a string",
    "string_too_long": "{name} must be shorter than or equal to {max_length} characters",
    "string_too_short": "{name} must be longer than or equal to {min_length} characters",
    "string_pattern_mismatch": "{name} should not be empty",
    "list_type": "{name} must be an array",
    "too_short": "{name} must contain at least {min_length} elements",
    "too_long": "{name} must contain no more than {max_length} elements",
    "greater_than_equal": "{name} must not be less than {ge}",
    "less_than_equal": "{name} must not be greater than {le}",
    "float_type": "{name} must be a number conforming to the specified constraints",
    "float_parsing": "{name} must be a number conforming to the specified constraints",
    "bool_type": "{name} must be a boolean value",
    "bool_parsing": "{name} must be a boolean value",
    "dict_type": "{name} must be an object",
    "model_type": "{name} must be an object",
    "literal_error": "{name} must be one of the following values: {expected}",
    "extra_forbidden": "property {name} should not exist",
}


def complaint(text: str) -> PydanticCustomError:
    """A problem in words of our own; `{name}` stands for the field."""
    return PydanticCustomError("complaint", "{text}", {"text": text})


def complaints(error: ValidationError) -> list[str] | str:
    """The `message` of a 400: one line for each problem; a single string if it is no JSON."""
    problems = error.errors(include_url=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return "Unexpected token in JSON"
    return [
        _line(problem["type"], problem["loc"], problem["msg"], problem.get("ctx", {}))
        for problem in problems
    ]


def _line(kind: str, place: tuple[int | str, ...], said: str, context: Mapping[str, Any]) -> str:
    name = str(place[-1]) if place else "body"
    saying = context["text"] if kind == "complaint" else _SAYINGS.get(kind, f"{{name}}: {said}")
    line = saying.replace("{name}", name)
    for word, value in context.items():
        line = line.replace(f"{{{word}}}", f"{value:g}" if isinstance(value, float) else str(value))
    # A problem carries the path of the object that it is in, or, if it names no field, of its own.
    path = place[:-1] if "{name}" in saying else place
    return ".".join([*map(str, path), line])
