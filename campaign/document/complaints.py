"""Pydantic's complaints in plain words, each at its place in the file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from campaign.document.keys import looks_secret, nearest, remedy
from campaign.document.nodes import ABSENT, Tree, value_at
from campaign.errors import Fault
from campaign.spec import CampaignSpec

Path = tuple[str | int, ...]

_KINDS: Mapping[str, tuple[str, str]] = {
    "string": ("text", "Put it in quotes."),
    "int": ("a whole number", "Write digits only, such as 20."),
    "float": ("a number", "Write it with a point, such as 0.5."),
    "decimal": ("an amount", "Write digits and a point, such as 250.00."),
    "bool": ("true or false", "Write true or false, without quotes."),
    "list": ("a list", "Write it as [one, two], or one `- item` a line."),
    "tuple": ("a list", "Write it as [one, two], or one `- item` a line."),
    "dict": ("a block of keys", "Write it as `key: value`, one a line."),
    "model": ("a block of keys", "Write it as `key: value`, one a line."),
    "time": ("a length of time", "Write a number and a unit, such as 30s, 5m, 4h or 2d."),
    "datetime": ("an instant", "Write date, time and offset: 2026-11-30T18:00:00-05:00."),
    "date": ("a date", "Write year, month and day: 2026-11-03."),
    "timezone": (
        "an instant with its offset from UTC",
        "Write it with one: 2026-11-30T18:00:00-05:00.",
    ),
    "uuid": ("a UUID", "Copy it whole: 8-4-4-4-12 letters and digits."),
    "url": ("a URL", "Write it with https://."),
}
_BOUNDS = {
    "greater_than": ("gt", "must be above", "Raise it."),
    "greater_than_equal": ("ge", "must be at least", "Raise it."),
    "less_than": ("lt", "must be below", "Lower it."),
    "less_than_equal": ("le", "must be at most", "Lower it."),
}
_SPLIT = (
    "Write `provider: vogent`, or [{provider: vogent, share: 0.7}, {provider: vapi, share: 0.3}]."
)
_PATTERNS = {
    "name": (
        "the campaign's name is 2 to 64 small letters, digits and hyphens",
        "Write it as spring-renewals.",
    ),
    "country": ("a country is two capital letters", "Write its ISO 3166 code, such as US or GB."),
    "variables": (
        "a variable's name is letters, digits and _",
        "Write it as customer_name.",
    ),
    "provider": ("a provider's name is small letters", "`outdial providers` lists them."),
}
_EXAMPLES = {
    "name": "Add `name: spring-renewals`, a name of your own.",
    "provider": "Add `provider: vogent`; `outdial providers` lists them.",
    "recipients": "Add `recipients: {source: people.csv, phone: phone_number}`.",
    "source": "Add `source: people.csv`.",
    "share": "Add its part of the recipients, such as `share: 0.5`.",
}


def complaints(
    error: ValidationError,
    tree: Tree,
    *,
    model: type[BaseModel] = CampaignSpec,
    at: Path = (),
) -> list[Fault]:
    """Translate what is wrong with the block at path `at` of the file."""
    details = error.errors(include_url=False, include_context=True)
    blamed = list(_blamed(details, tree, at))
    return list(dict.fromkeys(_fault(detail, tree, model, at) for detail in blamed))


def _blamed(details: Sequence[ErrorDetails], tree: Tree, at: Path) -> Iterator[ErrorDetails]:
    """Leave out the branches of a choice, a name or a list of shares, that was not taken."""
    for detail in details:
        tail = detail["loc"][1:2]
        if detail["loc"][:1] == ("provider",) and not at and tail:
            listed = isinstance(tree.value(("provider",)), list)
            if listed != str(tail[0]).startswith("list"):
                continue
        yield detail


def _fault(detail: ErrorDetails, tree: Tree, model: type[BaseModel], at: Path) -> Fault:
    path = (*at, *_written(detail["loc"], tree.value(at)))
    kind = detail["type"]
    if kind == "value_error" and path == () and "split" in str(detail["msg"]):
        path = ("provider",)
    if kind == "extra_forbidden":
        return _unknown_key(path, tree, model, at)
    if kind == "missing":
        name = str(detail["loc"][-1])
        example = _EXAMPLES.get(name, f"Add `{name}: ...`.")
        return tree.fault((*path, name), f"{_shown((*path, name))} is missing", example)
    is_key = detail["loc"][-1:] == ("[key]",)
    message, mend = _plainly(kind, detail, path)
    fault = tree.fault(path, message, mend, key=is_key)
    # The whole file is shown to nobody: it may be a list of people, given by mistake.
    return fault if path else replace(fault, value="")


def _unknown_key(path: Path, tree: Tree, model: type[BaseModel], at: Path) -> Fault:
    name = str(path[-1])
    place = tree.place(path, key=True)
    if looks_secret(name):
        message = f"a key or password has no place in a campaign file ({_shown(path)})"
        mend = "Set <PROVIDER>_API_KEY in the environment and remove it here."
        return Fault(message, remedy=mend, line=place.line, column=place.column)
    inner = path[len(at) :]
    mend = remedy(inner, model)
    return tree.fault(path, f"there is no key {_shown(path)!r}", mend, key=True)


def _plainly(kind: str, detail: ErrorDetails, path: Path) -> tuple[str, str]:
    """Return the message and the remedy."""
    name = _shown(path)
    context: Mapping[str, Any] = detail.get("ctx", {})
    if path == ("provider",) and kind != "value_error":
        return "provider must be a name or a list of shares", _SPLIT
    if kind in _BOUNDS:
        bound, words, mend = _BOUNDS[kind]
        said = f"{name} {words} {context[bound]}", mend
    elif kind in {"literal_error", "enum"}:
        said = _choice(str(detail["input"]), str(context["expected"]), name)
    elif kind in {"value_error", "assertion_error"}:
        said = f"{name}: {context['error']}" if name else str(context["error"]), ""
    else:
        said = _form(kind, context, path) or _type(kind, detail["input"], name)
    return said or (f"{name}: {detail['msg'].lower()}", "")


def _choice(said: str, expected: str, name: str) -> tuple[str, str]:
    words = [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]
    near = nearest(said, words)
    return f"{name} must be one of {', '.join(words)}", f"Was {near!r} meant?" if near else ""


def _form(kind: str, context: Mapping[str, Any], path: Path) -> tuple[str, str] | None:
    name = _shown(path)
    if kind == "string_pattern_mismatch":
        other = f"{name} has the wrong form", f"It must match {context['pattern']}."
        return _PATTERNS.get(_field(path), other)
    if kind == "string_too_short" and context["min_length"] > 1:
        return f"{name} is shorter than {context['min_length']} characters", "Write it in full."
    if kind in {"string_too_short", "too_short"}:
        return f"{name} is empty", f"Write one or remove {name}."
    if kind in {"string_too_long", "too_long"}:
        return f"{name} is longer than {context['max_length']}", "Shorten it."
    return None


def _field(path: Path) -> str:
    """Name a field of the campaign file itself; of an agent block, none."""
    if path[:1] in {("variables",), ("provider",)}:
        return str(path[0]) if "agent" not in path else ""
    return str(path[-1]) if path in {("name",), ("recipients", "country")} else ""


def _type(kind: str, said: object, name: str) -> tuple[str, str] | None:
    if isinstance(said, dict) and kind == "string_type":
        return f"{name} must be text", 'Put a text with braces in quotes: "{first_name}".'
    stem = kind.partition("_")[0]
    if stem not in _KINDS:
        return None
    what, mend = _KINDS[stem]
    return f"{name or 'the file'} must be {what}", mend


def _written(location: Sequence[str | int], data: Any) -> Path:
    """Drop what pydantic adds to a path and nobody wrote: names of branches, `[key]`."""
    path: list[str | int] = []
    for part in location:
        inner = value_at(data, (part,))
        if inner is not ABSENT:
            path.append(part)
            data = inner
    return tuple(path)


def _shown(path: Sequence[str | int]) -> str:
    """`policy.caps[0].per`, the number of an item counted from 0 as in the file's own order."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(
        "."
    )
