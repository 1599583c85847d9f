"""`outdial held`: a person settles what no look-up could."""

import io
import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from campaign.words import Outcome
from outdial.cli import cli
from store.decisions import holding
from store.decisions.holding import Decider
from store.planning.draft import PlannedBatch
from tests.outdial.operator.conftest import Terminal
from tests.outdial.operator.doubts import SAID, decisions, doubtful, held, people, submission
from tests.store.desk import Desk, listed

pytestmark = pytest.mark.usefixtures("today")


def test_the_list_shows_what_is_held_and_asks_for_attention(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)
    other = doubtful(desk, "summer", first=50)

    result = outdial("held", "list")

    assert result.exit_code == 1
    rows = {line.split()[0]: line for line in result.stdout.splitlines()[1:]}
    assert rows.keys() == {tag, other}
    assert " held " in rows[tag]
    assert "not found" in rows[tag]
    assert " unknown " in rows[other]


def test_the_list_of_one_campaign_leaves_the_others_out(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)
    doubtful(desk, "summer", first=50)

    (row,) = json.loads(outdial("held", "list", "spring", "--json").stdout)

    assert (row["tag"], row["campaign"], row["state"], row["people"]) == (
        tag,
        "spring",
        "held",
        2,
    )
    assert outdial("held", "list", "summer").exit_code == 0


def test_an_id_of_another_submission_is_refused(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)
    placed = desk.placed(name="summer", first=50)
    known = f"at-provider-{placed.tags[0]}"

    said = outdial.refused("held", "adopt", tag, known, *SAID)

    assert f"is known already, as {placed.tags[0]}" in said
    assert submission(desk, tag)["state"] == "held"
    assert decisions(desk) == []


def test_one_call_id_does_not_settle_several_calls(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk, people=2)
    called_singly(desk)

    assert "holds 2 calls" in outdial.refused("held", "adopt", tag, "call-7", *SAID)
    assert submission(desk, tag)["state"] == "held"


def called_singly(desk: Desk) -> None:
    """Let the campaign be one of Vocode, which has no batches."""
    for table in ("submission", "attempt", "batch", "recipient"):
        desk.execute(f"UPDATE {table} SET provider = 'vocode'")  # noqa: S608 - names of our tables
    desk.execute("UPDATE campaign SET spec = replace(spec, '\"vogent\"', '\"vocode\"')")


def test_what_was_not_placed_is_sent_again_once_the_tag_is_typed(
    desk: Desk, outdial: Terminal
) -> None:
    tag = held(desk)

    outdial.done("held", "confirm-not-placed", tag, *SAID, typed=f"{tag}\n")

    assert submission(desk, tag)["state"] == "planned"
    assert people(desk) == {"open"}
    assert {one["dialled_at"] for one in desk.attempts()} == {None}
    assert decisions(desk) == [("ann", "held confirm-not-placed", tag, "looked at their page")]


def test_a_mistyped_tag_changes_nothing(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)

    said = outdial.refused("held", "confirm-not-placed", tag, *SAID, typed="something\n")

    assert "nothing was changed" in said
    assert submission(desk, tag)["state"] == "held"
    assert decisions(desk) == []


class Hesitant(io.BytesIO):
    """Somebody who types, and while they do something happens."""

    def __init__(self, typed: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(typed.encode())
        self._meanwhile = meanwhile

    def read1(self, size: int | None = -1, /) -> bytes:
        typed = super().read1(-1 if size is None else size)
        if typed:
            self._meanwhile()
        return typed


def test_what_is_settled_while_the_tag_is_typed_is_not_settled_again(
    desk: Desk, outdial: Terminal
) -> None:
    tag = held(desk)
    bob = Decider(actor="bob", reason="was faster")
    typed = Hesitant(f"{tag}\n", lambda: desk.ledger.run_sync(holding.abandon, tag, bob, desk.now))

    said = CliRunner().invoke(cli, ["held", "confirm-not-placed", tag, *SAID], input=typed)

    assert said.exit_code == 2
    assert "is abandoned, not held" in said.stderr
    assert "planned again" not in said.output
    assert [one[0] for one in decisions(desk)] == ["bob"]


def test_yes_types_nothing(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)

    outdial.done("held", "confirm-not-placed", tag, "--yes", *SAID)

    assert submission(desk, tag)["state"] == "planned"


def test_what_has_a_call_cannot_be_vouched_for(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)
    (first, *_) = desk.attempts()
    desk.execute(
        "INSERT INTO call (provider, provider_call_id, campaign_id, batch_id, tag, beside, over,"
        " outcome, ended_reason, opted_out, missing, detail_reads, raw, raw_sha256, version,"
        " first_seen, last_changed) VALUES ('vogent', 'call-1', :campaign, :batch, :tag, 0, 0,"
        " 'unknown', '', 0, '', 0, x'7b7d', '', 1, :now, :now)",
        campaign=first["campaign_id"],
        batch=first["batch_id"],
        tag=tag,
        now=desk.now.isoformat(),
    )

    said = outdial.refused("held", "confirm-not-placed", tag, "--yes", *SAID)

    assert "it was placed" in said
    assert submission(desk, tag)["state"] == "held"
    assert decisions(desk) == []


def test_people_of_what_is_given_up_are_not_called(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)

    outdial.done("held", "abandon", tag, *SAID)

    assert submission(desk, tag)["state"] == "abandoned"
    assert people(desk) == {"not_reached"}
    assert decisions(desk) == [("ann", "held abandon", tag, "looked at their page")]
    assert outdial("held", "list").exit_code == 0


@pytest.mark.parametrize(
    "words", [("adopt", "job-7"), ("confirm-not-placed", "--yes"), ("abandon",)]
)
def test_only_what_is_held_can_be_settled(
    desk: Desk, outdial: Terminal, words: tuple[str, ...]
) -> None:
    verb, *more = words
    tag = doubtful(desk)

    assert "is unknown, not held" in outdial.refused("held", verb, tag, *more, *SAID)
    assert "no submission of this tag" in outdial.refused("held", verb, "nothing", *more, *SAID)
    assert submission(desk, tag)["state"] == "unknown"
    assert decisions(desk) == []


def test_what_has_a_call_cannot_be_given_up(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)
    (first, *_) = desk.attempts()
    batch = PlannedBatch(
        batch_id=first["batch_id"], no=1, provider="vogent", tags=(tag,), attempts=2
    )
    desk.page(batch, [listed(desk.call(first["key"], Outcome.UNKNOWN, over=False))])

    said = outdial.refused("held", "abandon", tag, *SAID)

    assert "it was placed" in said
    assert f"outdial held adopt {tag} ID" in said
    assert submission(desk, tag)["state"] == "held"
    assert people(desk) == {"held"}
    assert decisions(desk) == []


@pytest.mark.parametrize("verb", ["adopt", "confirm-not-placed", "abandon"])
def test_a_decision_needs_a_name_and_a_reason(desk: Desk, outdial: Terminal, verb: str) -> None:
    tag = held(desk)
    words = ("held", verb, tag, *(["job-7"] if verb == "adopt" else []))

    assert "--by" in outdial.refused(*words, "--reason", "seen")
    assert "--reason" in outdial.refused(*words, "--by", "ann")
    assert submission(desk, tag)["state"] == "held"


@pytest.mark.parametrize("verb", ["list", "adopt", "confirm-not-placed", "abandon"])
def test_the_help_shows_an_example(outdial: Terminal, verb: str) -> None:
    assert f"Example: outdial held {verb}" in outdial.done("held", verb, "--help")


def test_the_database_may_be_named_after_the_second_word(
    desk: Desk, outdial: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = held(desk)
    url = desk.ledger.engine.url.render_as_string()
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", "sqlite:///elsewhere.db")

    assert tag in outdial("held", "list", "--database-url", url).stdout
