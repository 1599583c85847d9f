"""Excel workbooks: one sheet, its first row the header, as the program would show the cells."""

import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from campaign.errors import BadInput, Fault
from campaign.spec import RecipientSource
from store.intake.cells import unguard
from store.intake.rows import Reject, Source, SourceRow
from store.intake.texts import text_of

MAX_UNPACKED = 1 << 30
"""Bytes of the workbook's parts once unpacked."""
_BROKEN = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError)


@contextmanager
def open_list(path: Path, source: RecipientSource) -> Generator[Source]:
    """Open a sheet of an .xlsx file: the one that is named, or the first. Raises `BadInput`."""
    values = _workbook(path, stored_values=True)
    formulas = _workbook(path, stored_values=False) if _has_formulas(path) else None
    try:
        name = _sheet(values, path.name, source.sheet)
        columns = _header(values[name], path.name)
        read = partial(_rows, values[name], formulas and formulas[name], columns)
        yield Source(path.name, columns, f"Excel, sheet {name!r}", read)
    except (ParseError, zlib.error, zipfile.BadZipFile):
        raise _broken(path.name) from None
    finally:
        values.close()
        if formulas is not None:
            formulas.close()


def _workbook(path: Path, *, stored_values: bool) -> Any:
    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED:
                message = "the workbook is too large once unpacked"
                raise BadInput(message, [Fault(message, "Save the sheet as CSV.", path.name)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # About charts and colours that nobody reads here.
            return openpyxl.load_workbook(path, read_only=True, data_only=stored_values)
    except _BROKEN:
        raise _broken(path.name) from None


def _broken(name: str) -> BadInput:
    message = "this is no .xlsx workbook, or it is damaged or has a password"
    return BadInput(message, [Fault(message, "Save it anew as .xlsx or CSV.", name)])


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        return any(_contains(parts, name, (b"<f>", b"<f ")) for name in sheets)


def _contains(parts: zipfile.ZipFile, name: str, marks: Sequence[bytes]) -> bool:
    tail = b""
    with parts.open(name) as part:
        while chunk := part.read(1 << 20):
            if any(mark in tail + chunk for mark in marks):
                return True
            tail = chunk[-2:]
    return False


def _sheet(workbook: Any, file: str, wanted: str | None) -> str:
    names = [sheet.title for sheet in workbook.worksheets]
    if wanted in names or (wanted is None and names):
        return wanted or names[0]
    near = get_close_matches(wanted or "", names, n=1, cutoff=0.5)
    remedy = f"Was {near[0]!r} meant?" if near else f"It has {', '.join(map(repr, names))}."
    message = f"there is no sheet {wanted!r}"
    raise BadInput(message, [Fault(message, remedy, file)])


def _header(sheet: Any, file: str) -> tuple[str, ...]:
    # Some programs write the wrong extent, and nothing beyond it would be read.
    sheet.reset_dimensions()
    first = next(sheet.iter_rows(max_row=1, values_only=True), ())
    names = [unguard(text_of(value)) for value in first]
    while names and not names[-1]:
        names.pop()
    if not names:
        message = "the first row of the sheet is empty"
        raise BadInput(message, [Fault(message, "Put the names of the columns there.", file, 1)])
    faults = [
        Fault(f"two columns are called {name!r}", "Rename one of them.", file, 1, index + 1)
        for index, name in enumerate(names)
        if name and name in names[:index]
    ]
    if faults:
        raise BadInput(faults[0].message, faults)
    return tuple(names)


def _rows(
    sheet: Any, formulas: Any, header: Sequence[str], columns: Sequence[str]
) -> Iterator[SourceRow | Reject]:
    picked = [(column, header.index(column)) for column in columns]
    shown = sheet.iter_rows(min_row=2, values_only=True)
    written = formulas.iter_rows(min_row=2, values_only=True) if formulas else repeat(())
    for row_no, (row, source) in enumerate(zip(shown, written, strict=False), 2):
        if all(value is None for value in row) and all(value is None for value in source):
            continue
        yield _row(row_no, picked, row, source)


def _row(
    row_no: int, picked: list[tuple[str, int]], row: Sequence[Any], source: Sequence[Any]
) -> SourceRow | Reject:
    values: dict[str, str] = {}
    for column, index in picked:
        value = row[index] if index < len(row) else None
        formula = source[index] if index < len(source) else None
        if value is None and isinstance(formula, str) and formula.startswith("="):
            reason = "the formula has no stored result: open the file in Excel and save it"
            return Reject(row_no, column, formula, reason)
        if value in ERROR_CODES:
            return Reject(row_no, column, value, "the cell holds an error")
        try:
            values[column] = unguard(text_of(value))
        except ValueError as error:
            return Reject(row_no, column, "", str(error))
    return SourceRow(row_no, values)
