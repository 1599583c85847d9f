"""Both sides of a run: what the simulator knows, and what the ledger says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from simulator.calls import Call as Dial
from simulator.ledger import RequestRecord, Ring
from store.books import Books as Balance
from store.books import books as balance
from store.database.columns import table_of
from store.tables import (
    Attempt,
    Batch,
    Call,
    CallVersion,
    Campaign,
    Recipient,
    Submission,
    SubmitLog,
    Suppression,
    UnreadRow,
)

Rows = Sequence[Row[Any]]

_PAUSE = sha256(b'{"paused":true}').hexdigest()
"""Of Vogent, whose one route starts a job and pauses it."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The simulator's side: the judge."""

    now: float
    rings: Sequence[Ring]
    requests: Sequence[RequestRecord]
    dials: Mapping[str, Dial]
    """Every call it was asked to place, by its id."""

    @property
    def own_rings(self) -> list[Ring]:
        """Less those that the provider made by itself."""
        return [ring for ring in self.rings if ring.call.redial_of is None]

    @property
    def dialling_requests(self) -> list[RequestRecord]:
        """Requests that hand over people, or make telephones ring."""
        return [
            one
            for one in self.requests
            if (one.dials or one.route == "submit") and one.body_sha256 != _PAUSE
        ]


@dataclass(frozen=True, kw_only=True)
class Books:
    """Our side, row by row."""

    campaigns: Rows
    people: Rows
    batches: Rows
    submissions: Rows
    attempts: Rows
    calls: Rows
    log: Rows
    suppressions: Rows
    raws: frozenset[bytes]
    """Every raw answer that is kept."""


def provider_of(stage: Any) -> Provider:
    """Read the simulator."""
    network = stage.world.network
    now = network.advance()
    ledger = stage.world.ledger
    return Provider(
        now=now,
        rings=list(ledger.rings),
        requests=list(ledger.requests),
        dials=dict(network._by_id),
    )


def books_of(engine: Engine) -> Books:
    """Read the ledger."""
    with engine.connect() as db:
        calls = _all(db, Call)
        return Books(
            campaigns=_all(db, Campaign),
            people=_all(db, Recipient),
            batches=_all(db, Batch),
            submissions=_all(db, Submission),
            attempts=_all(db, Attempt),
            calls=calls,
            log=db.execute(select(table_of(SubmitLog)).order_by(table_of(SubmitLog).c.id)).all(),
            suppressions=_all(db, Suppression),
            raws=frozenset(
                [row.raw for row in calls]
                + [row.raw_detail for row in calls if row.raw_detail is not None]
                + [row.raw for kind in (CallVersion, UnreadRow) for row in _all(db, kind)]
            ),
        )


def _all(db: Connection, kind: Any) -> Rows:
    return db.execute(select(table_of(kind))).all()


def balances_of(engine: Engine) -> Mapping[str, Balance]:
    """What became of everybody, by campaign, as the ledger counts it."""
    with engine.connect() as db:
        return {one.id: balance(db, one.id) for one in _all(db, Campaign)}
