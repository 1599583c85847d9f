"""Many rows in one statement, the fast way of each database.

SQLite takes `executemany` with tuples. PostgreSQL takes one statement over arrays (`unnest`), which
psycopg sends in binary. Values pass the columns' own types, so both store what SQLAlchemy would.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table

Values = tuple[Any, ...]


def insert(
    db: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Values],
    *,
    skip_existing: bool = False,
) -> int:
    """Insert rows whose values stand in the order of `columns`; return how many are new.

    A row that breaks a uniqueness is passed over if `skip_existing`, and otherwise raises.
    """
    if not rows:
        return 0
    names = ", ".join(_quoted(db, table, columns))
    clash = " ON CONFLICT DO NOTHING" if skip_existing else ""
    head = f"INSERT INTO {_quote(db, table.name)} ({names})"
    if db.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        return _many(db, f"{head} VALUES ({marks}){clash}", table, columns, rows)
    arrays = ", ".join(_arrays(db, table, columns))
    return _whole(db, f"{head} SELECT * FROM unnest({arrays}){clash}", table, columns, rows)  # noqa: S608 - names of our own tables


def update(
    db: Connection,
    table: Table,
    keys: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Values],
) -> int:
    """Set `columns` of the rows that `keys` name; return how many rows were there.

    Each value tuple holds the columns, then the keys.
    """
    if not rows:
        return 0
    all_columns = [*columns, *keys]
    name = _quote(db, table.name)
    if db.dialect.name == "sqlite":
        assigned = ", ".join(f"{column} = ?" for column in _quoted(db, table, columns))
        matched = " AND ".join(f"{key} = ?" for key in _quoted(db, table, keys))
        statement = f"UPDATE {name} SET {assigned} WHERE {matched}"  # noqa: S608 - as above
        return _many(db, statement, table, all_columns, rows)
    assigned = ", ".join(f"{column} = v.{column}" for column in _quoted(db, table, columns))
    matched = " AND ".join(f"{name}.{key} = v.{key}" for key in _quoted(db, table, keys))
    arrays = ", ".join(_arrays(db, table, all_columns))
    names = ", ".join(_quoted(db, table, all_columns))
    statement = f"UPDATE {name} SET {assigned} FROM unnest({arrays}) AS v ({names}) WHERE {matched}"  # noqa: S608 - as above
    return _whole(db, statement, table, all_columns, rows)


def _many(
    db: Connection,
    statement: str,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Values],
) -> int:
    return db.exec_driver_sql(statement, _bound(db, table, columns, rows)).rowcount


def _whole(
    db: Connection,
    statement: str,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Values],
) -> int:
    arrays = tuple(list(values) for values in zip(*_bound(db, table, columns, rows), strict=True))
    return db.exec_driver_sql(statement, arrays).rowcount


def _bound(
    db: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]
) -> list[Values]:
    """Pass the values through their columns' types."""
    processors = [_processor(db, table, column) for column in columns]
    if not any(processors):
        return list(rows)
    by_column = [
        values if processor is None else _processed(processor, values)
        for processor, values in zip(processors, zip(*rows, strict=True), strict=True)
    ]
    return list(zip(*by_column, strict=True))


def _processed(processor: Callable[[Any], Any], values: Values) -> list[Any]:
    """Process a column; runs of one and the same value, such as the time of an import, once."""
    processed: list[Any] = []
    last, result = None, processor(None)
    for value in values:
        if value is not last:
            last, result = value, processor(value)
        processed.append(result)
    return processed


def _processor(db: Connection, table: Table, column: str) -> Callable[[Any], Any] | None:
    return table.c[column].type.dialect_impl(db.dialect).bind_processor(db.dialect)


def _arrays(db: Connection, table: Table, columns: Sequence[str]) -> list[str]:
    return [f"%b::{table.c[column].type.compile(db.dialect)}[]" for column in columns]


def _quoted(db: Connection, table: Table, columns: Sequence[str]) -> list[str]:
    return [_quote(db, table.c[column].name) for column in columns]


def _quote(db: Connection, name: str) -> str:
    return db.dialect.identifier_preparer.quote(name)
