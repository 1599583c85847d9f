"""Numbers that nobody calls, over all campaigns; kept as keyed hashes, in clear only if wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from campaign.states import AttemptState
from store.database import bulk
from store.database.columns import table_of
from store.database.secrets import KeyedHash
from store.tables import Attempt, Suppression

_SUPPRESSION = table_of(Suppression)
_ATTEMPT = table_of(Attempt)

_SECRET = "number_secret"  # noqa: S105 - the name of the row, not the secret
_COLUMNS = ("number_hash", "phone_number", "reason", "source", "since")
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionView:
    """One suppressed number as the ledger has it."""

    number_hash: str
    phone_number: str | None
    """None: kept as a hash only."""
    reason: str
    source: str
    since: datetime


class NumberHash(KeyedHash):
    """Turns E.164 numbers into this ledger's keyed hashes."""

    def __init__(self, db: Connection) -> None:
        super().__init__(db, _SECRET)


def add(
    db: Connection,
    phone_numbers: Sequence[str],
    *,
    reason: str,
    source: str,
    now: datetime,
    in_clear: bool = True,
) -> int:
    """Suppress E.164 numbers and return how many were not suppressed before."""
    if not phone_numbers:
        return 0
    hashed = NumberHash(db)
    rows = [
        (hashed(number), number if in_clear else None, reason, source, now)
        for number in phone_numbers
    ]
    return bulk.insert(db, _SUPPRESSION, _COLUMNS, rows, skip_existing=True)


def remove(db: Connection, phone_number: str) -> bool:
    """Let a number be called again. Returns False if it was not suppressed."""
    statement = delete(_SUPPRESSION).where(
        _SUPPRESSION.c.number_hash == NumberHash(db)(phone_number)
    )
    return db.execute(statement).rowcount == 1


def find(db: Connection, phone_number: str) -> SuppressionView | None:
    """Tell why and since when a number is suppressed; None: it is not."""
    if _nobody(db):
        return None
    query = select(_SUPPRESSION).where(_SUPPRESSION.c.number_hash == NumberHash(db)(phone_number))
    row = db.execute(query).first()
    return None if row is None else SuppressionView(**row._asdict())


def contains(db: Connection, phone_number: str) -> bool:
    """Whether nobody may call this number."""
    return find(db, phone_number) is not None


def among(db: Connection, phone_numbers: Sequence[str]) -> frozenset[str]:
    """Return those of the numbers that are suppressed."""
    if _nobody(db):
        return frozenset()
    hashed = NumberHash(db)
    by_hash = {hashed(number): number for number in phone_numbers}
    hashes, found = list(by_hash), list[str]()
    for start in range(0, len(hashes), _CHUNK):
        chunk = hashes[start : start + _CHUNK]
        query = select(_SUPPRESSION.c.number_hash).where(_SUPPRESSION.c.number_hash.in_(chunk))
        found += [by_hash[number_hash] for number_hash in db.scalars(query)]
    return frozenset(found)


def of_submission(db: Connection, tag: str) -> frozenset[str]:
    """Return the suppressed numbers among those that a submission is about to dial."""
    query = select(_ATTEMPT.c.phone_number).where(
        _ATTEMPT.c.tag == tag, _ATTEMPT.c.state == AttemptState.ASSIGNED.value
    )
    return among(db, list(db.scalars(query)))


def listing(db: Connection) -> Iterator[SuppressionView]:
    """Yield every suppressed number, the newest first."""
    query = select(_SUPPRESSION).order_by(_SUPPRESSION.c.since.desc(), _SUPPRESSION.c.number_hash)
    with db.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            yield SuppressionView(**row._asdict())


def _nobody(db: Connection) -> bool:
    """No number is suppressed; then no secret is needed, which a reader could not make."""
    return db.execute(select(_SUPPRESSION.c.number_hash).limit(1)).first() is None
