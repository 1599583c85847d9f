"""Recipients from a SQL database of the user: one row of the query's result each."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, CursorResult, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from campaign.errors import BadInput, Fault
from store.intake.rows import Reject, Source, SourceRow
from store.intake.texts import text_of

_BATCH = 2_000


@contextmanager
def open_query(url: str, query: str, base_dir: Path) -> Generator[Source]:
    """Run a query and open its result, read through a cursor on the server. Raises `BadInput`.

    No message holds the URL, which may have a password in it.
    """
    engine = create_engine(_address(url, base_dir), hide_parameters=True)
    try:
        streaming = {"stream_results": True, "max_row_buffer": _BATCH}
        with (
            engine.connect().execution_options(**streaming) as db,
            db.execute(text(query)) as result,
        ):
            if not result.returns_rows:
                raise _bad("the query returns no rows", "Write a SELECT.")
            yield Source("query", _columns(result), "SQL", partial(_rows, result))
    except SQLAlchemyError as error:
        raise _bad(f"the database refused: {_words(error)}", "Try the query by itself.") from None
    finally:
        engine.dispose()


def _address(url: str, base_dir: Path) -> URL:
    try:
        address = make_url(url)
        if address.drivername in {"postgresql", "postgres"}:
            address = address.set(drivername="postgresql+psycopg")
        address.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise _bad("there is no driver for this kind of database", "Install it.") from None
    except (ArgumentError, ValueError):
        remedy = "With a query, source is an SQLAlchemy URL such as postgresql://host/database."
        raise _bad("the source is no database URL", remedy) from None
    if address.get_backend_name() != "sqlite" or not address.database:
        return address
    path = base_dir / address.database
    if not path.is_file():  # SQLite would make an empty one.
        raise _bad(f"there is no file {address.database}", "Check the path in the URL.")
    return address.set(database=str(path))


def _columns(result: CursorResult[tuple[object, ...]]) -> tuple[str, ...]:
    columns = tuple(result.keys())
    double = [name for index, name in enumerate(columns) if name in columns[:index]]
    if double:
        raise _bad(f"two columns are called {double[0]!r}", "Rename one by `AS`.")
    return columns


def _rows(
    result: CursorResult[tuple[object, ...]], columns: Sequence[str]
) -> Iterator[SourceRow | Reject]:
    row_no = 0
    for part in result.columns(*columns).partitions(_BATCH):
        for row in part:
            row_no += 1
            try:
                values = {name: text_of(value) for name, value in zip(columns, row, strict=True)}
            except (ValueError, TypeError) as error:
                yield Reject(row_no, "", "", str(error))
            else:
                yield SourceRow(row_no, values)


def _words(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(cause).partition("\n")[0].rstrip(". ")


def _bad(message: str, remedy: str) -> BadInput:
    return BadInput(message, [Fault(message, remedy, "query")])
