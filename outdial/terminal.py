"""What a person sees: results on stdout, everything else on stderr, colours only on a terminal."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from campaign.durations import say_duration

_WIDE = 1000


def stdout() -> Console:
    """Return the console for results; made anew each time, as the stream may be replaced."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Return the console for messages and progress."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # Nothing is wrapped in a file or a pipe.
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _WIDE)


def say(text: str = "") -> None:
    """Print a line of the result, as it is."""
    stdout().print(text, markup=False)


def tell(text: str = "") -> None:
    """Print a line about the work on stderr, as it is."""
    stderr().print(text, markup=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> None:
    """Print a table that also reads well in a file, or a paragraph a row if it is too wide.

    Only the last column is ever wrapped, and between words: tags and keys are there to be copied.
    """
    console = stdout()
    cells = [[_cell(value) for value in row] for row in rows]
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in columns:
        justify = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))
    natural = console.measure(table, options=console.options.update(width=_WIDE)).maximum
    too_wide = natural - console.width
    if too_wide > 0:
        last = [columns[-1].title, *(row[-1] for row in cells)]
        left = max(map(cell_len, last)) - too_wide
        if left < max(cell_len(word) for text in last for word in text.split() or [""]):
            _print_paragraphs(console, columns, cells)
            return
        table.columns[-1].no_wrap, table.columns[-1].width = False, left
    console.print(table)


def _print_paragraphs(
    console: Console, columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> None:
    for row in cells:
        named = zip(columns[1:], row[1:], strict=True)
        told = "; ".join(f"{column.title} {cell}" for column, cell in named if cell)
        console.print(Text(row[0], style="bold"))
        console.print(Padding(Text(told), (0, 0, 0, 2)))


def print_json(value: Any) -> None:
    """Print a value as JSON, for programs."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=_jsonable)
    sys.stdout.write("\n")


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def count(number: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {_plural(thing)}"


def when(instant: datetime | None, now: datetime) -> str:
    """`at 14:05 (in 20 min)`; what is due, or not set, is `now`."""
    if instant is None or instant <= now:
        return "now"
    away = instant - now
    local = instant.astimezone().strftime("%a %H:%M" if away > timedelta(hours=12) else "%H:%M")
    return f"at {local} (in {say_duration(away)})"


def _plural(thing: str) -> str:
    if thing == "person":
        return "people"
    return f"{thing}es" if thing.endswith(("ch", "s")) else f"{thing}s"


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
