"""A YAML text as nodes that know where they stand.

Words are read as YAML 1.2 reads them: `NO` is Norway and not false, `+13125550101` is text and not
a number, `10:30` is not 630.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from campaign.document.syntax import syntax_fault
from campaign.errors import Fault

_MAX_NODES = 20_000
"""More come only from aliases of aliases."""
_MAX_DIGITS = 30
_MAX_SHOWN = 60
"""Characters of a value that are shown beside a message."""
_NULL, _BOOL, _INT, _FLOAT = (
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")
)
_PLAIN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class _Loader(yaml.SafeLoader):
    """Reads the words of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's attribute


for _tag, _form, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"0|-?[1-9][0-9]*", list("-0123456789")),
    (_FLOAT, r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        _tag, re.compile(rf"^(?:{_form})$"), _first
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1, and how it is written there."""

    line: int
    column: int
    value: str
    whole: bool
    """The whole path was found; otherwise this is the innermost part that was."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's nodes, its data, and what is wrong with them."""

    text: str
    root: Node | None
    data: Any
    faults: tuple[Fault, ...]

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Find a path, or as much of it as is there; `key`: its last name instead of its value."""
        if self.root is None:
            return Place(1, 1, "", whole=not path)
        node, name, whole = self.root, self.root, True
        for part in path:
            found = _child(node, part)
            if found is None:
                whole = False
            else:
                name, node = found
        return self._at(name if key else node, whole=whole)

    def value(self, path: Sequence[str | int]) -> Any:
        """Return the data at a path, or `ABSENT`."""
        return value_at(self.data, path)

    def keys(self, path: Sequence[str | int]) -> tuple[str, ...]:
        """Return the keys of the block at a path; none if it is no block."""
        block = self.value(path)
        return tuple(map(str, block)) if isinstance(block, dict) else ()  # pyright: ignore[reportUnknownArgumentType]

    def fault(
        self, path: Sequence[str | int], message: str, remedy: str = "", *, key: bool = False
    ) -> Fault:
        """Return a fault at a path."""
        place = self.place(path, key=key)
        value = place.value if place.whole else ""
        return Fault(message, remedy=remedy, line=place.line, column=place.column, value=value)

    def _at(self, node: Node, *, whole: bool) -> Place:
        start = node.start_mark
        written = self.text[start.index : node.end_mark.index].strip()
        return Place(start.line + 1, start.column + 1, _short(written), whole=whole)


ABSENT = object()
"""Stands for what a file does not hold; null is something that it holds."""


def value_at(data: Any, path: Sequence[str | int]) -> Any:
    """Return what is at a path of data, or `ABSENT`."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return data


def compose(text: str) -> Tree:
    """Read a YAML text; what is wrong with its syntax is in `faults`."""
    try:
        root = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        return Tree(text, None, None, (syntax_fault(error, text),))
    if root is None:
        return Tree(text, None, None, (Fault("the file is empty", line=1, column=1),))
    faults = tuple(_structural(root))
    tree = Tree(text, root, None, faults)
    return tree if any(_fatal(fault) for fault in faults) else Tree(text, root, _data(root), faults)


_LOOP = "an alias makes the file contain itself or grow beyond all bounds"


def _fatal(fault: Fault) -> bool:
    return fault.message == _LOOP


def _structural(root: Node) -> Iterator[Fault]:
    """Duplicate keys, strange tags, and aliases that never end."""
    seen: set[tuple[int, str]] = set()
    stack: list[tuple[Node, tuple[int, ...]]] = [(root, ())]
    visited = 0
    while stack:
        node, above = stack.pop()
        visited += 1
        if id(node) in above or visited > _MAX_NODES:
            yield _at(node, _LOOP, "Write it out.")
            return
        for fault in _own_faults(node):
            if (where := (node.start_mark.index, str(fault))) not in seen:
                seen.add(where)
                yield fault
        stack += [(child, (*above, id(node))) for child in _children(node)]


def _own_faults(node: Node) -> Iterator[Fault]:
    if node.tag not in _PLAIN | {_NULL, _BOOL, _INT, _FLOAT}:
        yield _at(node, "tags have no meaning here", f"Remove {_short(node.tag)}.")
    if not isinstance(node, MappingNode):
        return
    first: dict[str, Node] = {}
    for name, _ in node.value:
        if not isinstance(name, ScalarNode):
            yield _at(
                name, "a key must be a word", "Was a list or a template meant? Put it in quotes."
            )
            continue
        if name.value in first:
            line = first[name.value].start_mark.line + 1
            message = f"{name.value!r} is here twice (first on line {line})"
            yield _at(name, message, "Remove one of them.")
        first.setdefault(name.value, name)


def _at(node: Node, message: str, remedy: str) -> Fault:
    mark = node.start_mark
    return Fault(message, remedy=remedy, line=mark.line + 1, column=mark.column + 1)


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    """Return the node that names a part, and the part itself."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if isinstance(name, ScalarNode) and name.value == str(part):
                return name, value
    elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _data(node: Node) -> Any:
    if isinstance(node, MappingNode):
        named = [(name, value) for name, value in node.value if isinstance(name, ScalarNode)]
        return {str(name.value): _data(value) for name, value in named}
    if isinstance(node, SequenceNode):
        return [_data(child) for child in node.value]
    return _word(node)


def _word(node: Node) -> object:
    text: str = node.value
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() == "true"
    if node.tag == _INT:
        return int(text) if len(text) <= _MAX_DIGITS else text
    return float(text) if node.tag == _FLOAT else text


def _short(text: str) -> str:
    """One line, fit to be shown beside a message."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_SHOWN else f"{line[: _MAX_SHOWN - 3]}..."
