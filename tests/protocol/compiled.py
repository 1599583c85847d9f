"""Compiled statements that one ledger leaves to the next."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect, Engine

_KEPT: dict[str, tuple[Dialect, Mapping[Any, Any]]] = {}


def share_compiled(engine: Engine) -> None:
    """Let all engines of one kind in this process compile each statement once.

    SQLAlchemy keeps what it has compiled by engine and dialect, and a case has an engine for each
    of its runners: to compile everything anew took a third of its time.
    """
    dialect, cache = _KEPT.setdefault(engine.dialect.name, (engine.dialect, {}))
    engine.dialect = dialect
    engine.update_execution_options(compiled_cache=cache)
