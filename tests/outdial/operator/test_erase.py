"""`outdial erase`: a person is removed everywhere."""

import json
import os
import pty
import subprocess

import pytest

from store import suppressions
from store.decisions import audit
from tests.outdial.command import PROGRAM
from tests.outdial.operator.conftest import Terminal
from tests.store.desk import Desk
from tests.store.test_erasure import OTHER, PERSON, SECRETS, everything, told

SAID = ("--by", "ann", "--reason", "asked by letter")


def left(desk: Desk) -> list[str]:
    return [secret for secret in SECRETS if secret in everything(desk)]


def decisions(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.ledger.reading() as db:
        return [(one.actor, one.verb, one.reason) for one in audit.listing(db)]


def test_a_person_is_gone_and_the_receipt_proves_it_without_the_number(
    desk: Desk, outdial: Terminal
) -> None:
    told(desk)
    [call] = [one for one in desk.stored() if one["transcript"]]

    said = outdial.done("erase", PERSON, *SAID)

    assert left(desk) == []
    assert OTHER in everything(desk)
    assert desk.ledger.run_sync(suppressions.contains, PERSON)
    assert decisions(desk) == [("ann", "erase", "asked by letter")]
    assert "gone      1 recipient, 1 attempt, 1 call, 2 raw rows, 1 request" in said
    assert f"vogent {call['provider_call_id']}" in said
    assert "the list that the person came from" in said
    assert PERSON[2:] not in said


def test_the_receipt_can_be_had_by_programs(desk: Desk, outdial: Terminal) -> None:
    told(desk)

    receipt = json.loads(outdial.done("erase", PERSON, *SAID, "--json"))

    with desk.ledger.reading() as db:
        [kept] = audit.listing(db)
    assert receipt["audit_hash"] == kept.hash
    assert receipt["number_hash"] == kept.subject
    assert (receipt["recipients"], receipt["calls"], receipt["actor"]) == (1, 1, "ann")
    assert [one["provider"] for one in receipt["provider_calls"]] == ["vogent"]
    assert PERSON[2:] not in json.dumps(receipt)


def test_a_dry_run_tells_what_would_go_and_changes_nothing(desk: Desk, outdial: Terminal) -> None:
    told(desk)
    before = everything(desk)

    said = outdial.done("erase", PERSON, "--dry-run")
    counted = json.loads(outdial.done("erase", PERSON, "--dry-run", "--json"))

    assert "Would go: 1 recipient, 1 attempt, 1 call, 2 raw rows, 1 request." in said
    assert counted == {
        "dry_run": True,
        "recipients": 1,
        "attempts": 1,
        "calls": 1,
        "raw_rows": 2,
        "bodies": 1,
        "can_be_erased": True,
        "suppressed": False,
    }
    assert everything(desk) == before


def test_nobody_is_erased_while_a_call_is_under_way(desk: Desk, outdial: Terminal) -> None:
    desk.placed(people=1, first=11200)
    before = everything(desk)

    assert "Suppress it now" in outdial.refused("erase", PERSON, *SAID)
    assert "Not yet, though" in outdial.done("erase", PERSON, "--dry-run")
    assert everything(desk) == before


def test_erasing_twice_finds_nothing_more(desk: Desk, outdial: Terminal) -> None:
    told(desk)
    outdial.done("erase", PERSON, *SAID)

    said = outdial.done("erase", PERSON, *SAID)

    assert "gone      0 recipients, 0 attempts, 0 calls, 0 raw rows, 0 requests" in said
    assert len(decisions(desk)) == 2


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["+1 HELLO", *SAID], "letters"),
        (["(312) 555-0101", *SAID], "no country code"),
        ([PERSON, "--country", "USA", *SAID], "two letters"),
        ([PERSON, "--by", " ", "--reason", "r"], "--by is empty"),
        ([PERSON, "--by", "ann"], "--reason is missing"),
        ([PERSON, "--reason", "r"], "--by is missing"),
    ],
)
def test_what_cannot_be_meant_erases_nobody(
    desk: Desk, outdial: Terminal, words: list[str], complaint: str
) -> None:
    told(desk)
    before = everything(desk)

    assert complaint in outdial.refused("erase", *words)

    assert everything(desk) == before


def test_a_person_at_a_terminal_is_asked_who_and_why(desk: Desk, outdial: Terminal) -> None:
    told(desk)
    ours, theirs = pty.openpty()
    os.write(ours, b"ann\n \nasked by letter\n")

    done = subprocess.run(
        [PROGRAM, "erase", PERSON, "--json"],
        check=False,
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=120,
    )
    os.close(ours)
    os.close(theirs)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["actor"] == "ann"
    assert "say something" in done.stderr
    assert decisions(desk) == [("ann", "erase", "asked by letter")]
    assert left(desk) == []
