"""JSON Lines: one object a line."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from campaign.errors import BadInput, Fault
from campaign.spec import RecipientSource
from store.intake.rows import Reject, Source, SourceRow
from store.intake.texts import text_of

MAX_LINE = 1 << 20
"""Bytes of one line."""
_SAMPLE = 1000
"""Lines whose fields together are taken for the list's columns."""
_MARK = b"\xef\xbb\xbf"
_object = msgspec.json.Decoder(dict[str, Any])


@contextmanager
def open_list(path: Path, _source: RecipientSource) -> Generator[Source]:
    """Open a .jsonl or .ndjson file. Raises `BadInput`."""
    with path.open("rb") as file:
        columns = _columns(file, path.name)
        file.seek(0)
        yield Source(path.name, columns, "JSON Lines", partial(_rows, file, path.name))


def _columns(file: BinaryIO, name: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    lines = 0
    for _, line in islice(_lines(file, name), _SAMPLE):
        lines += 1
        row = _decoded(line)
        if row is not None:
            found.update(dict.fromkeys(row))
    if found:
        return tuple(found)
    message = "no line holds a JSON object" if lines else "the list is empty"
    raise BadInput(message, [Fault(message, 'Write {"phone_number": "..."}, one a line.', name, 1)])


def _rows(file: BinaryIO, name: str, columns: Sequence[str]) -> Iterator[SourceRow | Reject]:
    for row_no, line in _lines(file, name):
        row = _decoded(line)
        if row is None:
            yield Reject(row_no, "", "", "the line is not a JSON object")
            continue
        try:
            values = {column: text_of(row.get(column)) for column in columns}
        except (ValueError, TypeError) as error:
            yield Reject(row_no, "", "", str(error))
        else:
            yield SourceRow(row_no, values)


def _lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers."""
    for number, line in enumerate(iter(partial(file.readline, MAX_LINE), b""), 1):
        if len(line) == MAX_LINE:
            message = f"a line is longer than {MAX_LINE} bytes"
            raise BadInput(message, [Fault(message, "Is this JSON Lines?", name, number)])
        if line.strip():
            yield number, line.removeprefix(_MARK) if number == 1 else line


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        return _object.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
