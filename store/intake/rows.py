"""What every reader of a recipient list gives: columns, and rows of text one after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class SourceRow(NamedTuple):
    """One row of a list, with the columns that were asked for."""

    row_no: int
    """As a spreadsheet or an editor shows it: the header of a CSV file or a sheet is row 1."""
    values: Mapping[str, str]
    """Text by column, without surrounding blanks; empty if there is none."""


class Reject(NamedTuple):
    """A row that is not imported, and why."""

    row_no: int
    column: str
    """Empty if the row as a whole is at fault."""
    value: str
    reason: str


Reader = Callable[[Sequence[str]], Iterator[SourceRow | Reject]]


@dataclass(frozen=True, slots=True)
class Source:
    """An open list. Its rows can be read once, one at a time, whatever its length."""

    name: str
    """The file's name, or `query`."""
    columns: tuple[str, ...]
    note: str
    """How it is read, for a person: `csv, utf-8, parted by ','`."""
    reader: Reader

    def rows(self, columns: Sequence[str]) -> Iterator[SourceRow | Reject]:
        """Read these columns of all rows, without blank ones; rows of a wrong shape are rejects.

        Raises `BadInput` where the list itself cannot be read any further.
        """
        return self.reader(columns)
