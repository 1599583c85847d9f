"""Texts with columns filled in: `"{first_name} {last_name}"`.

Names and nothing else: no attributes, no formats, no code. A doubled brace stands for itself.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from campaign.errors import BadInput, Fault

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{|\}")
_REMEDY = 'Write a column as "{first_name}", and a brace that stands for itself twice.'


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was understood."""

    pieces: tuple[tuple[str, str | None], ...]
    """Text, and the column that follows it; None at the end."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs, in order of their first appearance."""
        named = (column for _, column in self.pieces if column is not None)
        return tuple(dict.fromkeys(named))

    def fill(self, row: Mapping[str, str]) -> str:
        """Return the text for one row. Raises `KeyError` with the column that the row lacks."""
        return "".join(
            text if column is None else text + row[column] for text, column in self.pieces
        )


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Template:
    """Understand a text. Raises `BadInput`, with the place in the text as the fault's column."""
    pieces: list[tuple[str, str | None]] = []
    literal, end = "", 0
    for found in _PIECE.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if found[0] in {"{{", "}}"}:
            literal += found[0][0]
            continue
        pieces.append((literal, _column(text, found)))
        literal = ""
    return Template((*pieces, (literal + text[end:], None)))


def columns(template: str) -> tuple[str, ...]:
    """Return the columns that a text needs. Raises `BadInput`."""
    return parse(template).columns


def fill(template: str, row: Mapping[str, str]) -> str:
    """Return the text for one row. Raises `BadInput`, `KeyError`."""
    return parse(template).fill(row)


def _column(text: str, found: re.Match[str]) -> str:
    name = (found[1] or "").strip()
    if name:
        return name
    problem = "the braces hold no column" if found[1] is not None else "a brace has no partner"
    raise BadInput(problem, [Fault(problem, remedy=_REMEDY, value=text, column=found.start() + 1)])
