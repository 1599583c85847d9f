"""Columns and rows that behave the same on SQLite and PostgreSQL."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Double,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    inspect,
    literal,
)
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware UTC in Python. ISO 8601 text on SQLite, so that it sorts and reads well."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive datetime: it would be an instant by guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return it aware, in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value)
        return value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount of USD, Decimal in Python. SQLite has no decimal type: it is a double there."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Double(asdecimal=False))
        return dialect.type_descriptor(Numeric(12, 6))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Hand over what the driver takes."""
        return float(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return it as a Decimal of at most six places."""
        return (
            None if value is None else Decimal(str(value)).quantize(Decimal("0.000001")).normalize()
        )


class Row(SQLModel):
    """A table's row; the table is named after the class, in snake case."""

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def time_column(*, nullable: bool = True, index: bool = False) -> Any:
    """Return a column for an instant."""
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable, index=index)


def text_column(*, default: str | None = "", nullable: bool = False) -> Any:
    """Return a column for text of any length."""
    return Field(default=default, sa_type=Text, nullable=nullable)


def blob_column(*, nullable: bool = True) -> Any:
    """Return a column for bytes as they came."""
    return Field(default=None, sa_type=LargeBinary, nullable=nullable)


def instant(moment: datetime) -> ColumnElement[datetime]:
    """Return an instant as an argument of an SQL function, which knows no column to take after."""
    return literal(moment, UtcDateTime())


def table_of(model: type[Row]) -> Table:
    """Return the table behind a model, for statements over many rows."""
    return cast("Table", inspect(model).local_table)
