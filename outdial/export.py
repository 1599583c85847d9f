"""A campaign's results as CSV, JSON Lines or Parquet: streamed, and in place only when complete."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from outdial.writing import complete_file
from store.intake.cells import guard

_GROUP = 2_000
"""Rows of one Parquet row group."""
_JSON = frozenset({"analysis", "variables"})
"""Columns whose text is JSON."""
_TYPES = {
    "attempt": "int32",
    "attempts": "int32",
    "duration_seconds": "float64",
    "settled": "bool",
    "started_at": "instant",
    "ended_at": "instant",
    "next_attempt_at": "instant",
    "cost_usd": "money",
}
"""Types of the columns that are not text."""

Rows = Iterable[Sequence[Any]]
Write = Callable[[IO[bytes], Sequence[str], Rows], int]


def write(path: Path, kind: str, columns: Sequence[str], rows: Rows) -> int:
    """Write rows to a file (or stdout, for `-`) and return how many there were.

    A file that is there already is replaced, and only once the new one is complete and on the disk;
    only its owner may read it. Raises `BadInput` if it cannot be written.
    """
    with complete_file(path) as file:
        return FORMATS[kind](file, columns, rows)


def _write_csv(file: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    writer = csv.writer(_Lines(file), lineterminator=_END)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


# Python's writer puts a cell in quotes if it holds a character of the row's end, and no other line
# end: a carriage return must be one of them, or a cell could begin a row of its own.
_END = "\r\n"


class _Lines:
    """Rows as lines with the short end that tools expect."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, row: str) -> int:
        line = f"{row.removesuffix(_END)}\n"
        return self._file.write(line.encode("utf-8", errors="replace"))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return guard(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _write_jsonl(file: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    encoder = msgspec.json.Encoder(decimal_format="number")
    count = 0
    for row in rows:
        said = {name: _json_value(name, value) for name, value in zip(columns, row, strict=True)}
        file.write(encoder.encode(said) + b"\n")
        count += 1
    return count


def _json_value(column: str, value: Any) -> Any:
    """Put JSON in as JSON, unless it is none."""
    if column not in _JSON or not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _write_parquet(file: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    # pyarrow ships no types, and is slow to load.
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    kinds: Mapping[str, Any] = {
        "instant": arrow.timestamp("us", tz="UTC"),
        "money": arrow.decimal128(18, 6),
        "int32": arrow.int32(),
        "float64": arrow.float64(),
        "bool": arrow.bool_(),
    }
    schema = arrow.schema(
        [(name, kinds.get(_TYPES.get(name, ""), arrow.string())) for name in columns]
    )
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows):
            values = [list(column) for column in zip(*group, strict=True)]
            arrays = [
                arrow.array(column, type=field.type)
                for column, field in zip(values, schema, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


def _groups(rows: Rows) -> Iterator[list[Sequence[Any]]]:
    rows = iter(rows)
    while group := list(islice(rows, _GROUP)):
        yield group


FORMATS: Mapping[str, Write] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
"""The kinds of file, each with its writer."""
