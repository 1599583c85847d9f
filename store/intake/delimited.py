"""CSV files as people have them: in any usual encoding and with any usual delimiter."""

import csv
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from campaign.errors import BadInput, Fault
from campaign.spec import RecipientSource
from store.intake.cells import unguard
from store.intake.encodings import encoding_of
from store.intake.rows import Reject, Source, SourceRow

MAX_LINE = 1 << 20
"""Characters of one line."""
_DELIMITERS = ",;\t|"


@contextmanager
def open_list(path: Path, _source: RecipientSource) -> Generator[Source]:
    """Open a CSV or TSV file. Raises `BadInput`."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        lines = _Lines(file, path.name)
        delimiter = _delimiter(lines, path.name)
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        records = _Records(reader, lines, path.name)
        columns = _header(records, path.name)
        note = f"csv, {encoding.removesuffix('-sig')}, parted by {delimiter!r}"
        yield Source(path.name, columns, note, records.rows)


class _Lines:
    """The lines of a file; one without end is refused, as it would fill the memory."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._again: list[str] = []
        self.count = 0
        self.apostrophe = False
        """One was read since this was last set to False."""

    def peek(self) -> str:
        """Look at the next line, which stays the next."""
        line = next(self, "")
        if line:
            self.count -= 1
            self._again.append(line)
        return line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        if "'" in line:
            self.apostrophe = True
        if len(line) == MAX_LINE:
            message = f"a line is longer than {MAX_LINE} characters"
            fault = Fault(message, remedy="Is this a CSV file?", source=self._name, line=self.count)
            raise BadInput(message, [fault])
        return line


class _Records:
    """The records of a file with their row numbers."""

    def __init__(self, reader: Iterator[list[str]], lines: _Lines, name: str) -> None:
        self._reader = reader
        self._lines = lines
        self._name = name
        self._row_no = lines.count
        self._header: list[str] = []

    def header(self) -> list[str]:
        """Return the first record that is not blank."""
        for record in self._reader:
            self._row_no += 1
            if any(cell.strip() for cell in record):
                self._header = [unguard(cell.strip()) for cell in record]
                break
        return self._header

    def rows(self, columns: Sequence[str]) -> Iterator[SourceRow | Reject]:
        """Read all records after the header."""
        width = len(self._header)
        pick = _picker([self._header.index(column) for column in columns])
        row_no = self._row_no
        while True:
            row_no += 1
            begun = self._lines.count + 1
            try:
                record = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._unreadable(error, row_no, begun)
                continue
            if len(record) != width and (wrong := _misshapen(record, width)):
                yield Reject(row_no, "", "", wrong)
            elif any(map(str.strip, record)):
                values = [cell.strip() for cell in pick(record)]
                if self._lines.apostrophe:
                    values = list(map(unguard, values))
                    self._lines.apostrophe = False
                yield SourceRow(row_no, dict(zip(columns, values, strict=True)))

    def _unreadable(self, error: csv.Error, row_no: int, begun: int) -> Reject:
        """Leave a row with wrong quotes out; a quote without end makes the rest a guess."""
        said = str(error)
        if "unexpected end of data" in said or "field larger than" in said:
            message = "a quote is opened and not closed, or a value is far too long"
            remedy = f"Look at the quotes from line {begun} on."
            raise BadInput(message, [Fault(message, remedy, self._name, begun)]) from None
        return Reject(row_no, "", "", 'the quotes do not match: write " within quotes twice')


def _misshapen(record: list[str], width: int) -> str:
    """Say what is wrong with the number of cells; blank rows, and blanks at the end, are fine."""
    blank = not any(map(str.strip, record[width:] if len(record) > width else record))
    return "" if blank else f"the row has {len(record)} columns and the header {width}"


def _picker(indexes: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """As `itemgetter`, which returns no tuple for fewer than two indexes."""
    if len(indexes) > 1:
        pick: Any = itemgetter(*indexes)
        return pick
    return lambda record: tuple(record[index] for index in indexes)


def _delimiter(lines: _Lines, name: str) -> str:
    """Return what parts the header's names; Excel may say it in a first line `sep=;`."""
    while (line := lines.peek()) and not line.strip():
        next(lines)
    if not line:
        message = "the list is empty"
        raise BadInput(message, [Fault(message, "Is it the right file?", name, 1)])
    said = line.strip().lower().removeprefix("sep=")
    if said != line.strip().lower() and len(line.strip()) == len("sep=,"):
        next(lines)
        return line.strip()[-1]
    quoted = line.split('"')[0::2]
    counts = {mark: sum(part.count(mark) for part in quoted) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])


def _header(records: _Records, name: str) -> tuple[str, ...]:
    try:
        names = records.header()
    except csv.Error:
        message = "the quotes of the header do not match"
        raise BadInput(message, [Fault(message, "Close them.", name, 1)]) from None
    faults = [
        Fault(
            f"two columns are called {column!r}",
            remedy="Rename one of them.",
            source=name,
            line=1,
            column=index + 1,
        )
        for index, column in enumerate(names)
        if column and column in names[:index]
    ]
    if faults:
        raise BadInput(faults[0].message, faults)
    return tuple(names)
