"""`outdial suppress`: numbers that nobody calls."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import Stopped
from store import suppressions
from store.decisions import audit
from store.submissions import claiming
from store.suppressions import NumberHash
from tests.outdial.operator.conftest import Terminal
from tests.store.desk import Desk, number

SAID = ("--by", "ann", "--reason", "signed up again")


def suppressed(desk: Desk) -> set[str | None]:
    with desk.ledger.reading() as db:
        return {one.phone_number for one in suppressions.listing(db)}


def test_a_suppressed_number_is_stopped_at_the_wire(desk: Desk, outdial: Terminal) -> None:
    batch = desk.plan(desk.campaign(first=11200).id)
    assert batch is not None
    (tag,) = batch.tags
    run, lease = desk.ledger.run_sync, timedelta(minutes=5)
    claim: dict[str, Any] = {"owner": "me", "body": b"", "keys": desk.keys(tag), "start_at": None}
    epoch = run(claiming.claim, tag, now=desk.now, lease=lease, **claim)
    assert epoch is not None

    outdial.done("suppress", "add", number(11201))

    with pytest.raises(Stopped):
        run(claiming.mark_wire, tag, epoch, desk.now, dials=True)


def test_a_number_without_country_code_needs_a_country(desk: Desk, outdial: Terminal) -> None:
    said = outdial.refused("suppress", "add", "(312) 555-0101")

    assert "no country code (got '(312) 555-0101'). Write it as +1..., or say --country." in said
    assert suppressed(desk) == set()
    outdial.done("suppress", "add", "(312) 555-0101", "--country", "us")
    assert suppressed(desk) == {"+13125550101"}


def test_one_wrong_number_keeps_all_from_being_added(desk: Desk, outdial: Terminal) -> None:
    assert "letters" in outdial.refused("suppress", "add", "+13125550101", "+1 HELLO")
    assert suppressed(desk) == set()


def test_adding_twice_adds_once(desk: Desk, outdial: Terminal) -> None:
    outdial.done("suppress", "add", "+13125550101")

    said = outdial.done("suppress", "add", "+13125550101", "+13125550102", "+1 312 555 0102")

    assert "1 number added; 1 were there already" in said


def test_a_country_is_two_letters(outdial: Terminal) -> None:
    said = outdial.refused("suppress", "add", "3125550101", "--country", "usa")

    assert "a country is two letters" in said


def test_a_hashed_number_is_suppressed_and_not_shown(desk: Desk, outdial: Terminal) -> None:
    outdial.done("suppress", "add", "+13125550101", "--hashed")

    assert suppressed(desk) == {None}
    assert "3125550101" not in outdial.done("suppress", "list")
    with desk.ledger.reading() as db:
        assert suppressions.contains(db, "+13125550101")


def test_a_removal_is_audited_without_the_number(desk: Desk, outdial: Terminal) -> None:
    outdial.done("suppress", "add", "+13125550101")

    outdial.done("suppress", "remove", "312-555-0101", "--country", "US", *SAID)

    assert suppressed(desk) == set()
    with desk.ledger.reading() as db:
        (decision,) = audit.listing(db)
        assert decision.subject == NumberHash(db)("+13125550101")
    assert (decision.actor, decision.verb, decision.reason) == (
        "ann",
        "suppress remove",
        "signed up again",
    )


def test_what_is_not_suppressed_cannot_be_removed(desk: Desk, outdial: Terminal) -> None:
    said = outdial.refused("suppress", "remove", "+13125550101", *SAID)

    assert "not on the do-not-call list" in said
    with desk.ledger.reading() as db:
        assert list(audit.listing(db)) == []


def test_a_removal_needs_a_name_and_a_reason(desk: Desk, outdial: Terminal) -> None:
    outdial.done("suppress", "add", "+13125550101")

    assert "--by" in outdial.refused("suppress", "remove", "+13125550101", "--reason", "x")
    assert "--reason" in outdial.refused("suppress", "remove", "+13125550101", "--by", "ann")
    assert suppressed(desk) == {"+13125550101"}


def test_the_list_tells_since_when_and_why(desk: Desk, outdial: Terminal) -> None:
    outdial.done("suppress", "add", "+13125550101", "--reason", "wrote to us")

    (one,) = json.loads(outdial.done("suppress", "list", "--json"))

    assert (one["phone_number"], one["source"], one["reason"]) == (
        "+13125550101",
        "command line",
        "wrote to us",
    )
    assert "wrote to us" in outdial.done("suppress", "list")


def test_a_list_is_imported_and_its_wrong_rows_are_shown(
    desk: Desk, outdial: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "dnc.csv"
    file.write_text("phone_number,since\n312 555 0101,2024\nnobody,2024\n+447700900123,2025\n")

    result = outdial("suppress", "import", "dnc.csv", "--country", "US")

    assert result.exit_code == 1
    assert "2 numbers read, 2 added, 0 were there already, 1 row wrong" in result.stdout
    assert "dnc.csv:3: it has letters" in result.stderr
    assert suppressed(desk) == {"+13125550101", "+447700900123"}


def test_a_list_of_one_column_needs_no_name_for_it(
    desk: Desk, outdial: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "dnc.csv").write_text("Telephone\n+13125550101\n+13125550101\n")

    said = outdial.done("suppress", "import", "dnc.csv")

    assert "2 numbers read, 1 added, 1 were there already" in said


def test_no_number_is_lost_as_the_name_of_a_column(
    desk: Desk, outdial: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "dnc.csv").write_text("+13125550101\n+13125550102\n")

    assert "first row looks like a number" in outdial.refused("suppress", "import", "dnc.csv")
    assert suppressed(desk) == set()


def test_a_list_with_other_columns_asks_which(outdial: Terminal, tmp_path: Path) -> None:
    (tmp_path / "dnc.csv").write_text("mobile,name\n+13125550101,Ann\n")

    assert "name one by --phone" in outdial.refused("suppress", "import", "dnc.csv")
    assert "1 added" in outdial.done("suppress", "import", "dnc.csv", "--phone", "mobile")


def test_a_list_that_is_not_there_is_refused(outdial: Terminal) -> None:
    assert "there is no list nothing.csv" in outdial.refused("suppress", "import", "nothing.csv")


@pytest.mark.parametrize("verb", ["add", "remove", "list", "import"])
def test_the_help_shows_an_example(outdial: Terminal, verb: str) -> None:
    assert f"Example: outdial suppress {verb}" in outdial.done("suppress", verb, "--help")


@pytest.mark.parametrize("kept, words", [((), "kept in clear"), (("--hashed",), "as a hash only")])
def test_a_number_is_found_however_it_is_kept(
    outdial: Terminal, kept: tuple[str, ...], words: str
) -> None:
    outdial.done("suppress", "add", "+13125550101", "--reason", "wrote to us", *kept)

    said = outdial.done("suppress", "find", "(312) 555-0101", "--country", "us")

    assert "(command line): wrote to us" in said
    assert words in said
    told = json.loads(outdial.done("suppress", "find", "+13125550101", "--json"))
    assert (told["suppressed"], told["reason"]) == (True, "wrote to us")


def test_a_number_that_is_not_suppressed_is_said_to_be_callable(outdial: Terminal) -> None:
    assert "campaigns may call it" in outdial.done("suppress", "find", "+13125550101")
    said = outdial.done("suppress", "find", "+13125550101", "--json")
    assert json.loads(said) == {"suppressed": False}
    assert "letters" in outdial.refused("suppress", "find", "nobody")
