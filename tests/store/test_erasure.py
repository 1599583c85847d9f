import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaign.calls import ListedCall
from campaign.errors import BadInput
from campaign.words import Outcome
from store import books, suppressions
from store.decisions import audit, erasure
from store.decisions.erasure import Receipt
from store.planning.draft import PlannedBatch
from store.recipients import NewRecipient
from tests.store.desk import NOON, Desk, listed, number, unreadable

PERSON, OTHER = number(11200), number(11201)
SECRETS = ["Ada Lovelace", "crm-7", "I live in Elm Street", "mood", "recordings/7", PERSON[1:]]


def erase(desk: Desk, phone_number: str = PERSON) -> Receipt:
    return desk.ledger.run_sync(
        erasure.erase, phone_number, actor="Eve", reason="asked by letter", now=NOON
    )


def told(desk: Desk, outcome: Outcome = Outcome.ANSWERED) -> PlannedBatch:
    """A campaign with two people, of whom the ledger holds everything that it can hold."""
    campaign = desk.enroll()
    person = NewRecipient(
        phone_number=PERSON,
        provider="vogent",
        variables={"name": "Ada Lovelace"},
        external_id="crm-7",
        postcode="60601",
        country="US",
        consent="written",
        consent_source="letter of Ada Lovelace",
    )
    desk.add(campaign.id, [person, NewRecipient(phone_number=OTHER, provider="vogent")])
    desk.execute("UPDATE campaign SET state = 'running'")
    batch = desk.plan(campaign.id)
    assert batch is not None
    desk.submit(batch)
    desk.execute("UPDATE submission SET body = :body", body=f"call {PERSON}".encode())
    desk.execute("UPDATE submit_log SET detail = :said", said=f"{PERSON} is on the way")
    first, second = desk.calls(batch, outcome)
    rich = replace(
        first,
        transcript="person: I live in Elm Street",
        analysis='{"mood": "good"}',
        recording_url="https://example.com/recordings/7",
        ended_reason=f"no such number {PERSON}",
    )
    raw = f'{{"to": "{PERSON}", "said": "I live in Elm Street"}}'.encode()
    rows = [ListedCall(raw=raw, call=rich), listed(second)]
    desk.page(batch, [ListedCall(raw=raw + b" ", call=rich), unreadable('{"to": "(312) 555-0100"')])
    desk.page(batch, rows)
    return batch


def everything(desk: Desk) -> str:
    tables = [
        "attempt",
        "audit",
        "call",
        "call_version",
        "recipient",
        "submission",
        "submit_log",
        "suppression",
        "unread_row",
    ]
    return "\n".join(repr(row) for table in tables for row in desk.rows(table, "1"))


def test_a_person_is_gone_from_every_table_and_the_others_are_not(desk: Desk) -> None:
    told(desk)
    assert all(secret in everything(desk) for secret in SECRETS)

    receipt = erase(desk)

    left = everything(desk)
    assert [secret for secret in SECRETS if secret in left] == []
    assert OTHER in left
    assert (receipt.recipients, receipt.attempts, receipt.calls) == (1, 1, 1)
    assert (receipt.raw_rows, receipt.bodies) == (2, 1)
    assert PERSON not in repr(receipt)


def test_counts_outcomes_and_consent_stay_and_the_books_still_close(desk: Desk) -> None:
    batch = told(desk)
    desk.execute("UPDATE batch SET state = 'settled'")

    erase(desk)

    counted = desk.ledger.run_sync(books.books, batch.batch_id.partition("-")[0])
    assert counted.closes
    assert counted.in_words == "2 listed: 2 reached"
    (person,) = [row for row in desk.recipients() if row["phone_number"] != OTHER]
    assert (person["consent"], person["state"]) == ("written", "reached")


def test_an_erased_number_is_suppressed_by_hash_only(desk: Desk) -> None:
    desk.ledger.run_sync(suppressions.add, [PERSON], reason="asked", source="letter", now=NOON)

    erase(desk)

    assert desk.ledger.run_sync(suppressions.contains, PERSON)
    assert [row["phone_number"] for row in desk.rows("suppression", "number_hash")] == [None]


def test_an_erasure_is_on_record_by_name_and_reason(desk: Desk) -> None:
    receipt = erase(desk)

    (decision,) = desk.ledger.run_sync(lambda db: list(audit.listing(db)))
    assert (decision.actor, decision.verb) == ("Eve", "erase")
    assert decision.subject == receipt.number_hash
    assert decision.hash == receipt.audit_hash
    with pytest.raises(ValueError, match="reason"):
        desk.ledger.run_sync(erasure.erase, PERSON, actor="Eve", reason="", now=NOON)


def test_whoever_was_to_be_called_again_is_not(desk: Desk) -> None:
    batch = told(desk, Outcome.BUSY)

    erase(desk)

    assert sorted(row["state"] for row in desk.recipients()) == ["ready", "skipped"]
    desk.later(days=1)
    again = desk.plan(batch.batch_id.partition("-")[0])
    assert again is not None
    assert again.attempts == 1


def test_what_the_provider_still_tells_does_not_bring_a_person_back(desk: Desk) -> None:
    batch = told(desk)
    erase(desk)
    (call, _) = desk.calls(batch)
    again = ListedCall(
        raw=PERSON.encode(), call=replace(call, transcript="person: I live in Elm Street")
    )

    saved = desk.page(batch, [again, replace(again, call=replace(call, id="another"))])

    assert (saved.new, saved.changed) == (0, 0)
    assert [secret for secret in SECRETS if secret in everything(desk)] == []


@pytest.mark.parametrize("state", ["assigned", "submitted", "held"])
def test_nobody_is_erased_whose_call_is_under_way_or_in_doubt(desk: Desk, state: str) -> None:
    desk.placed(people=1, first=11200)
    desk.execute("UPDATE attempt SET state = :state", state=state)

    with pytest.raises(BadInput) as caught:
        erase(desk)

    assert "Suppress it now" in caught.value.faults[0].remedy
    assert PERSON in everything(desk)


def test_an_unknown_number_is_suppressed_all_the_same(desk: Desk) -> None:
    receipt = erase(desk, number(700))

    assert (receipt.recipients, receipt.calls) == (0, 0)
    assert desk.ledger.run_sync(suppressions.contains, number(700))


def test_nothing_is_left_in_the_sqlite_file(sqlite_desk: Desk) -> None:
    told(sqlite_desk)
    erase(sqlite_desk)

    file = Path(sqlite_desk.ledger.engine.url.database or "")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    content = file.read_bytes()
    assert OTHER.encode() in content
    assert b"Elm Street" not in content
    assert PERSON.encode() not in content


def orphan(desk: Desk, version: int, **changes: Any) -> ListedCall:
    """A call to the person that no attempt explains, as its list shows it."""
    raw = f'{{"to": "{PERSON}", "v": {version}}}'.encode()
    return ListedCall(raw=raw, call=desk.call(None, id="orphan", **changes))


def test_a_call_that_no_attempt_explains_is_erased_whosesoever_batch_shows_it(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.page(batch, [orphan(desk, 1, transcript="person: I live in Elm Street")])

    receipt = erase(desk)

    assert receipt.calls == 1
    assert [secret for secret in SECRETS if secret in everything(desk)] == []


def test_a_call_that_no_attempt_explains_is_erased_by_what_its_single_read_told(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.page(batch, [listed(desk.call(None, id="orphan", needs_detail=True))])
    desk.detail(batch, "orphan", orphan(desk, 1))

    erase(desk)

    assert PERSON not in everything(desk)


def test_a_row_that_changes_does_not_bring_an_erased_call_back_that_no_attempt_explains(
    desk: Desk,
) -> None:
    batch = desk.placed(people=1)
    desk.page(batch, [orphan(desk, 1, missing=frozenset({"analysis"}))])
    erase(desk)

    saved = desk.page(batch, [orphan(desk, 2, analysis='{"mood": "good"}')])

    assert (saved.new, saved.changed) == (0, 0)
    assert [secret for secret in SECRETS if secret in everything(desk)] == []


def test_a_row_that_could_not_be_read_and_was_erased_is_not_stored_again(desk: Desk) -> None:
    batch = desk.placed(people=1)
    row = unreadable(f'{{"to": "{PERSON}"')
    desk.page(batch, [row])
    receipt = erase(desk)

    saved = desk.page(batch, [row])

    assert receipt.raw_rows == 1
    assert saved.unread == 0
    assert PERSON not in everything(desk)
