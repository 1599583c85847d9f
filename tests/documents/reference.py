"""A pydantic model as tables for people: key, meaning, type, default, example."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from campaign.durations import parse_duration

Path = tuple[str, ...]
"""Keys from the top of the file; `[]` stands for any item of a list."""

ANY = "[]"
_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_PLAIN = re.compile(r"[\w+./-][\w+./: -]*")
_HEAD = "| key | meaning | type | default | example |\n| --- | --- | --- | --- | --- |"


class Reference:
    """The tables of one model and of the models in it, with examples taken from documents."""

    def __init__(
        self,
        model: type[BaseModel],
        documents: Sequence[Any],
        *,
        at: Path = (),
        remarks: Mapping[str, str] | None = None,
    ) -> None:
        self._documents = documents
        self._remarks = remarks or {}
        self._paths: dict[type[BaseModel], list[Path]] = {}
        self._walk(model, at)

    def models(self) -> Iterator[tuple[type[BaseModel], Sequence[Path]]]:
        """Yield every model once, with all places where it may stand."""
        yield from self._paths.items()

    def table(self, model: type[BaseModel]) -> str:
        """Return the table of one model."""
        rows = [self._row(model, name, field) for name, field in model.model_fields.items()]
        return "\n".join([_HEAD, *rows])

    def lacking(self) -> list[str]:
        """Return the keys for which no document has an example."""
        return [
            ".".join((*paths[0], name))
            for model, paths in self.models()
            for name in model.model_fields
            if not list(self._said(paths, name))
        ]

    def _walk(self, model: type[BaseModel], path: Path) -> None:
        self._paths.setdefault(model, []).append(path)
        for name, field in model.model_fields.items():
            for inner, listed in _models_in(field.annotation):
                self._walk(inner, (*path, name, *([ANY] if listed else [])))

    def _row(self, model: type[BaseModel], name: str, field: FieldInfo) -> str:
        meaning = " ".join((field.description or field.title or "").split())
        remark = self._remarks.get(f"{model.__name__}.{name}")
        cells = (
            f"`{name}`",
            _cell(f"{meaning} {remark or ''}".strip()),
            _cell(self._type(field)),
            _cell(self._default(field)),
            _cell(self._example(model, name, field)),
        )
        return f"| {' | '.join(cells)} |"

    def _type(self, field: FieldInfo) -> str:
        model = [
            f"[block](#{_link(self._paths[inner][0])})" for inner, _ in _models_in(field.annotation)
        ]
        schema = TypeAdapter(field.rebuild_annotation()).json_schema()
        return _said_of(schema, schema.get("$defs", {}), iter(model))

    def _default(self, field: FieldInfo) -> str:
        if field.is_required():
            return "required"
        value = field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel):
            return "its defaults"
        return "" if value is None else f"`{_written(value)}`"

    def _example(self, model: type[BaseModel], name: str, field: FieldInfo) -> str:
        if any(True for _ in _models_in(field.annotation)):
            return ""
        for said in self._said(self._paths[model], name):
            return f"`{_written(said)}`"
        return ""

    def _said(self, paths: Sequence[Path], name: str) -> Iterator[Any]:
        for path in paths:
            for document in self._documents:
                yield from _dig(document, (*path, name))


def section(level: int, model: type[BaseModel], paths: Sequence[Path], table: str) -> str:
    """Return a section for a model that may stand in these places."""
    heading = f"{'#' * level} `{_shown(paths[0])}`"
    intro = " ".join((model.__doc__ or "").split())
    if len(paths) > 1:
        intro += f" Also {', '.join(f'`{_shown(path)}`' for path in paths[1:])}."
    return f"{heading}\n\n{intro}\n\n{table}"


class Quoted(str):
    """A scalar that was written in quotes."""

    __slots__ = ()


class _Written(yaml.BaseLoader):
    """Makes nothing but text."""

    def construct_scalar(self, node: Any) -> str:
        return Quoted(node.value) if node.style else str(node.value)


def load(text: str) -> Any:
    """Read YAML with every scalar as it was written."""
    return yaml.load(text, Loader=_Written)  # noqa: S506 - as its docstring says


def _models_in(annotation: Any, *, listed: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, listed
        return
    is_list = get_origin(annotation) is list
    for part in get_args(annotation):
        yield from _models_in(part, listed=listed or is_list)


def _said_of(schema: Mapping[str, Any], known: Mapping[str, Any], blocks: Iterator[str]) -> str:
    """Say in words what a JSON schema takes; `blocks` has the words for our own models."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        return next(blocks)
    if "anyOf" in schema:
        kinds = [_said_of(one, known, blocks) for one in schema["anyOf"] if one != {"type": "null"}]
        # A decimal may be written as text as well, which nobody does in YAML.
        numeric = any("number" in kind for kind in kinds)
        kinds = [kind for kind in kinds if not numeric or not kind.startswith("text")]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    return _KINDS.get(schema.get("type", ""), _anything)(schema, known, blocks)


def _anything(_schema: Mapping[str, Any], _known: Mapping[str, Any], _blocks: Iterator[str]) -> str:
    return "anything"


def _text(schema: Mapping[str, Any], _known: Mapping[str, Any], _blocks: Iterator[str]) -> str:
    pattern = schema.get("pattern", "")
    if "(ms|s|m|h|d|w)" in pattern:
        return "length of time"
    formats = {"date-time": "instant with offset", "date": "date", "uuid": "UUID"}
    if schema.get("format") in formats:
        return formats[schema["format"]]
    least, most = schema.get("minLength"), schema.get("maxLength")
    exactly = f", {most} characters" if most is not None and least == most else ""
    return f"text{exactly}" + (f" like `{pattern}`" if pattern else "")


def _number(schema: Mapping[str, Any], _known: Mapping[str, Any], _blocks: Iterator[str]) -> str:
    word = "whole number" if schema["type"] == "integer" else "number"
    least, most = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if least is not None and most is not None:
        return f"{word}, {least:g} to {most:g}"
    if above is not None:
        return f"{word} above {above:g}" + (f", at most {most:g}" if most is not None else "")
    return f"{word}, at least {least:g}" if least is not None else word


def _boolean(_schema: Mapping[str, Any], _known: Mapping[str, Any], _blocks: Iterator[str]) -> str:
    return "`true` or `false`"


def _list(schema: Mapping[str, Any], known: Mapping[str, Any], blocks: Iterator[str]) -> str:
    inner = _said_of(schema.get("items", {}), known, blocks)
    return "list" if inner == "anything" else f"list of {inner}"


def _object(schema: Mapping[str, Any], known: Mapping[str, Any], blocks: Iterator[str]) -> str:
    values = next(iter(schema.get("patternProperties", {}).values()), None)
    values: Any = schema.get("additionalProperties", {}) if values is None else values
    inner = "anything" if isinstance(values, bool) else _said_of(values, known, blocks)
    return "names and values" if inner == "anything" else f"names, each with {inner}"


_KINDS = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "array": _list,
    "object": _object,
}


def _written(value: Any) -> str:
    """Write a value as in YAML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(inner)}" for key, inner in value.items()) + "}"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = _PLAIN.fullmatch(text) and not isinstance(value, Quoted)
    return text if plain else f'"{text}"'


def _duration(value: timedelta) -> str:
    seconds = value.total_seconds()
    unit, size = next((u, s) for u, s in _UNITS if seconds % s == 0) if seconds else ("s", 1)
    text = f"{seconds / size:g}{unit}"
    assert parse_duration(text) == value
    return text


def _dig(document: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield document
    elif path[0] == ANY:
        for item in document if isinstance(document, list) else ():  # pyright: ignore[reportUnknownVariableType]
            yield from _dig(item, path[1:])
    elif isinstance(document, dict) and path[0] in document:
        yield from _dig(document[path[0]], path[1:])


def _shown(path: Path) -> str:
    return ".".join(path).replace(f".{ANY}", ANY)


def _link(path: Path) -> str:
    return re.sub(r"[^\w\-]", "", _shown(path).lower())


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
