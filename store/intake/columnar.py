"""Parquet files, a batch of rows at a time."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

from campaign.errors import BadInput, Fault
from campaign.spec import RecipientSource
from store.intake.rows import Reject, Source, SourceRow
from store.intake.texts import text_of

# pyarrow ships no types.
_arrow: Any = pa
_parquet: Any = parquet

_BATCH = 2_000


@contextmanager
def open_list(path: Path, _source: RecipientSource) -> Generator[Source]:
    """Open a .parquet file. Raises `BadInput`."""
    try:
        file = _parquet.ParquetFile(path)
    except (_arrow.ArrowException, OSError, ValueError):
        raise _broken(path.name) from None
    with file:
        columns = tuple(map(str, file.schema_arrow.names))
        if len(set(columns)) < len(columns):
            message = "two columns have the same name"
            raise BadInput(message, [Fault(message, "Rename one of them.", path.name)])
        yield Source(path.name, columns, "Parquet", partial(_rows, file, path.name))


def _rows(file: Any, name: str, columns: Sequence[str]) -> Iterator[SourceRow | Reject]:
    row_no = 0
    for batch in _batches(file, name, columns):
        for row in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
            row_no += 1
            try:
                values = {name: text_of(value) for name, value in zip(columns, row, strict=True)}
            except (ValueError, TypeError) as error:
                yield Reject(row_no, "", "", str(error))
            else:
                yield SourceRow(row_no, values)


def _batches(file: Any, name: str, columns: Sequence[str]) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=_BATCH, columns=list(columns), use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except (_arrow.ArrowException, OSError):
            raise _broken(name) from None
        if batch is None:
            return
        yield batch


def _broken(name: str) -> BadInput:
    message = "this is no Parquet file that can be read, or it is damaged"
    return BadInput(message, [Fault(message, "Export it anew.", name)])
