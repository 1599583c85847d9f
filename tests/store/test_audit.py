import threading

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from store.decisions import audit
from store.ledger import Ledger
from tests.store.desk import NOON, Desk


def decide(db: Connection, subject: str, reason: str = "I checked", actor: str = "Ada") -> str:
    return audit.append(
        db, actor=actor, verb="held adopt", subject=subject, reason=reason, now=NOON
    )


def test_decisions_are_kept_in_order_and_the_chain_is_whole(desk: Desk) -> None:
    hashes = [desk.ledger.run_sync(decide, subject) for subject in "abc"]

    told = desk.ledger.run_sync(lambda db: list(audit.listing(db)))

    assert [(one.subject, one.actor, one.at) for one in told] == [
        (subject, "Ada", NOON) for subject in "abc"
    ]
    assert [one.hash for one in told] == hashes
    assert [one.previous_hash for one in told[1:]] == hashes[:-1]
    assert desk.ledger.run_sync(audit.first_break) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET reason = 'no reason' WHERE subject = 'b'",
        "UPDATE audit SET actor = 'Eve' WHERE subject = 'b'",
        "DELETE FROM audit WHERE subject = 'a'",
        "UPDATE audit SET previous_hash = hash WHERE subject = 'b'",
    ],
)
def test_a_later_change_breaks_the_chain_where_it_was_made(desk: Desk, tampering: str) -> None:
    for subject in "abc":
        desk.ledger.run_sync(decide, subject)
    second = desk.rows("audit", "id")[1]["id"]

    desk.execute(tampering)

    assert desk.ledger.run_sync(audit.first_break) == second


@pytest.mark.parametrize("missing", ["actor", "reason"])
def test_nothing_is_decided_without_a_name_and_a_reason(desk: Desk, missing: str) -> None:
    with pytest.raises(ValueError, match="name of who made it"):
        desk.ledger.run_sync(decide, "a", **{missing: " "})

    with pytest.raises(IntegrityError):
        desk.execute(
            "INSERT INTO audit (at, actor, verb, subject, reason, previous_hash, hash)"
            " VALUES (:at, '', 'v', 's', '', 'p', 'h')",
            at=NOON if desk.ledger.engine.dialect.name == "postgresql" else NOON.isoformat(),
        )


def test_people_who_decide_at_once_make_one_chain(database_url: str, desk: Desk) -> None:
    def decide_often() -> None:
        with Ledger.open(database_url) as ledger:
            for _ in range(5):
                ledger.run_sync(decide, "x")

    threads = [threading.Thread(target=decide_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(desk.rows("audit", "id")) == 20
    assert desk.ledger.run_sync(audit.first_break) is None
