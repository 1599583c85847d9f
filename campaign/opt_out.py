"""Whether a person asked, in the course of a call, not to be called again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast


def asked_to_stop(analysis: str | None, opt_out: Mapping[str, Sequence[str]]) -> bool:
    """Look for a field of `opt_out` with one of its values in a call's analysis, at any depth.

    `analysis` is JSON text. Names and values are compared without regard to case; `true` and
    `false` are values too.
    """
    if not opt_out or not analysis:
        return False
    try:
        said = json.loads(analysis)
    except ValueError:
        return False
    wanted = {
        (field.casefold(), value.casefold())
        for field, values in opt_out.items()
        for value in values
    }
    return any((name.casefold(), _text(value)) in wanted for name, value in _leaves("", said))


def _leaves(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _leaves(key, inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _leaves(name, inner)
    else:
        yield name, value


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value).strip().casefold()
