"""What a person sees: results on stdout, everything else on stderr, colours only on a terminal."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table

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
    """Print a table that also reads well in a file."""
    console = stdout()
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in columns:
        justify = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


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
    # Square brackets would be taken for colours.
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return text.replace("[", r"\[")
