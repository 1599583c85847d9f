"""What the database itself saw: every change of state, written down by triggers."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, text

from campaign.states import ATTEMPT, BATCH, CAMPAIGN, SUBMISSION

MACHINES: Mapping[str, Mapping[Any, frozenset[Any]]] = {
    "submission": SUBMISSION,
    "attempt": ATTEMPT,
    "batch": BATCH,
    "campaign": CAMPAIGN,
}

_SQLITE = """
CREATE TRIGGER journal_{table} AFTER UPDATE OF state ON {table} WHEN OLD.state <> NEW.state BEGIN
    INSERT INTO journal VALUES ('{table}', OLD.state, NEW.state);
END
"""
_POSTGRES = """
CREATE FUNCTION journal_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO journal VALUES ('{table}', OLD.state, NEW.state); RETURN NULL; END $$;
CREATE TRIGGER journal_{table} AFTER UPDATE OF state ON {table} FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION journal_{table}()
"""


def keep_journal(engine: Engine) -> None:
    """Have every change of state written down, in the transaction that makes it."""
    template = _SQLITE if engine.dialect.name == "sqlite" else _POSTGRES
    with engine.begin() as db:
        db.execute(text("CREATE TABLE IF NOT EXISTS journal (kind TEXT, was TEXT, became TEXT)"))
        for table in MACHINES:
            db.exec_driver_sql(template.format(table=table))


def illegal_moves(engine: Engine) -> Iterator[str]:
    """Yield the changes that no state machine allows."""
    with engine.connect() as db:
        moves = db.execute(text("SELECT DISTINCT kind, was, became FROM journal")).all()
    for kind, was, became in moves:
        allowed: set[StrEnum] = {
            following
            for state, nexts in MACHINES[kind].items()
            if state == was
            for following in nexts
        }
        if became not in allowed:
            yield f"{kind}: {became} may not follow {was}"
