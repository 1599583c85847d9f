"""What people decided, by name and reason, in a chain that shows any later change.

Each row's hash covers the row before. Rows cut off at the end leave a shorter chain that is whole:
whoever must prove that, too, notes the last hash elsewhere.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select, text

from store.database.columns import table_of
from store.tables import Audit

_AUDIT = table_of(Audit)
_BEGINNING = "0" * 64
_LOCK = 0x61756469  # "audi": PostgreSQL's advisory locks are numbers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One row of the chain."""

    id: int
    at: datetime
    actor: str
    verb: str
    subject: str
    reason: str
    previous_hash: str
    hash: str

    @property
    def expected_hash(self) -> str:
        """What the hash must be if nobody has changed the row."""
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        said = [self.previous_hash, moment, self.actor, self.verb, self.subject, self.reason]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def append(
    db: Connection, *, actor: str, verb: str, subject: str, reason: str, now: datetime
) -> str:
    """Add a decision and return its hash. `subject` is an id, never a number in clear.

    Raises `ValueError` without an actor and a reason.
    """
    if not actor.strip() or not reason.strip():
        raise ValueError("a decision needs the name of who made it, and a reason")
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    last = db.scalar(select(_AUDIT.c.hash).order_by(_AUDIT.c.id.desc()).limit(1))
    made = Decision(
        id=0,
        at=now,
        actor=actor,
        verb=verb,
        subject=subject,
        reason=reason,
        previous_hash=last or _BEGINNING,
        hash="",
    )
    db.execute(
        _AUDIT.insert().values(
            at=now,
            actor=actor,
            verb=verb,
            subject=subject,
            reason=reason,
            previous_hash=made.previous_hash,
            hash=made.expected_hash,
        )
    )
    return made.expected_hash


def listing(db: Connection) -> Iterator[Decision]:
    """Yield every decision, the oldest first."""
    query = select(_AUDIT).order_by(_AUDIT.c.id).execution_options(yield_per=1000)
    with db.execute(query) as rows:
        for row in rows:
            yield Decision(**row._asdict())


def first_break(db: Connection) -> int | None:
    """Return the id of the first row that was changed, or follows one that is gone; None: whole."""
    previous = _BEGINNING
    for decision in listing(db):
        if decision.previous_hash != previous or decision.hash != decision.expected_hash:
            return decision.id
        previous = decision.hash
    return None
