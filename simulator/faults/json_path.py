"""Reach into the JSON of an answer by the dotted paths of a `Shape`."""

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import msgspec

from simulator.exchange import Answer

Row: TypeAlias = dict[str, Any]
Edit: TypeAlias = Callable[[Any], Any]
_GONE = object()


def edited(answer: Answer, path: str, edit: Edit) -> Answer:
    """The answer with the value at a path, if there is one, replaced by `edit` of it."""
    return answer.with_body(_edit(_copy(answer), path.split(".") if path else [], edit))


def without(answer: Answer, path: str) -> Answer:
    """The answer without the field at a path."""

    def remove(_: Any) -> Any:
        return _GONE

    return edited(answer, path, remove)


def edited_rows(answer: Answer, path: str, edit: Callable[[list[Row]], list[Row]]) -> Answer:
    """The answer with its rows replaced by `edit` of them."""

    def replace(rows: Any) -> Any:
        return edit(cast("list[Row]", rows)) if isinstance(rows, list) else rows

    return edited(answer, path, replace)


def value_at(answer: Answer, path: str) -> Any:
    """What stands at a path; None where there is nothing."""
    found: list[Any] = []

    def keep(value: Any) -> Any:
        found.append(value)
        return value

    edited(answer, path, keep)
    return found[0] if found else None


def _copy(answer: Answer) -> Any:
    # A dialect may have put its own lists into the body.
    return msgspec.json.decode(answer.encode())


def _edit(value: Any, path: list[str], edit: Edit) -> Any:
    if not path:
        return edit(value)
    if not isinstance(value, dict) or path[0] not in value:
        return cast("Any", value)
    row = cast("Row", value)
    changed = _edit(row[path[0]], path[1:], edit)
    if changed is _GONE:
        del row[path[0]]
    else:
        row[path[0]] = changed
    return row
