"""`outdial held`: people whom a provider took and never accounted for."""

import json

import pytest

from campaign.words import Outcome
from store.batches import advancing
from tests.outdial.operator.conftest import Terminal
from tests.outdial.operator.doubts import SAID, decisions, held, people, submission, unanswered
from tests.store.desk import Desk, listed

pytestmark = pytest.mark.usefixtures("today")


def keys(desk: Desk) -> list[str]:
    return [one["key"] for one in desk.attempts()]


def test_the_list_names_each_of_them_and_asks_for_attention(desk: Desk, outdial: Terminal) -> None:
    (tag,) = unanswered(desk).tags

    result = outdial("held", "list")
    rows = json.loads(outdial("held", "list", "spring", "--json").stdout)

    assert result.exit_code == 1
    lines = {line.split()[1]: line for line in result.stdout.splitlines()[1:]}
    assert list(lines) == keys(desk)
    assert all(
        "the provider is over with the batch and lists no call" in it for it in lines.values()
    )
    assert [(one["tag"], one["key"], one["state"], one["people"]) for one in rows] == [
        (tag, key, "held", 1) for key in keys(desk)
    ]


def test_the_status_says_in_words_what_is_in_doubt_and_what_is_next(
    desk: Desk, outdial: Terminal
) -> None:
    (tag,) = unanswered(desk).tags

    told = outdial("status", "spring")

    assert told.exit_code == 1
    assert f"vogent took {tag} and never told what became of 2 people in it" in told.stdout
    assert "looked for again by the next run" in told.stdout
    assert "No campaign calls them before you settle it: outdial held list" in told.stdout
    assert len(json.loads(outdial("status", "spring", "--json").stdout)["unanswered"]) == 2


def test_who_was_not_called_is_called_after_all_by_a_new_attempt(
    desk: Desk, outdial: Terminal
) -> None:
    batch = unanswered(desk)
    first, second = keys(desk)

    asked = outdial("held", "confirm-not-placed", first, *SAID, typed="something\n").stderr
    assert "Type the key" in asked
    assert "that is not the key" in asked
    outdial.done("held", "confirm-not-placed", first, *SAID, typed=f"{first}\n")

    assert [one["state"] for one in desk.recipients()] == ["ready", "held"]
    (given, kept) = desk.attempts()
    assert (given["state"], given["dialled_at"], kept["state"]) == ("failed", None, "held")
    assert decisions(desk) == [
        ("ann", "held confirm-not-placed", f"{batch.tags[0]} {first}", "looked at their page")
    ]
    desk.later(minutes=5)
    again = desk.plan(given["campaign_id"])
    assert again is not None
    assert [one["no"] for one in desk.attempts(batch_id=again.batch_id)] == [2]
    assert second in outdial("held", "list").stdout


def test_everybody_of_a_submission_can_be_settled_by_its_tag(desk: Desk, outdial: Terminal) -> None:
    (tag,) = unanswered(desk).tags

    said = outdial.done("held", "abandon", tag, *SAID)

    assert "2 people" in said
    assert people(desk) == {"not_reached"}
    assert submission(desk, tag)["state"] == "accepted"
    assert outdial("held", "list").exit_code == 0
    assert desk.row("SELECT state FROM batch")["state"] == "settled"


def test_a_person_can_be_settled_by_tag_and_key(desk: Desk, outdial: Terminal) -> None:
    (tag,) = unanswered(desk).tags
    first, second = keys(desk)

    outdial.done("held", "abandon", tag, "--key", second, *SAID)

    assert [one["state"] for one in desk.attempts()] == ["held", "failed"]
    assert "has no attempt of this key" in outdial.refused(
        "held", "abandon", tag, "--key", "x", *SAID
    )
    assert "is failed, not held" in outdial.refused("held", "abandon", second, *SAID)
    assert "is failed, not held" in outdial.refused("held", "abandon", tag, "--key", second, *SAID)
    assert first in outdial("held", "list").stdout


def test_the_number_of_whom_is_given_up_may_be_called_by_another_campaign(
    desk: Desk, outdial: Terminal
) -> None:
    (tag,) = unanswered(desk, people=1).tags
    other = desk.campaign(1, "other")
    assert desk.plan(other.id) is None

    outdial.done("held", "abandon", tag, *SAID)

    desk.later(days=30)
    desk.execute("UPDATE recipient SET due_at = :now", now=desk.now.isoformat(sep=" "))
    assert desk.plan(other.id) is not None


def test_somebody_whose_call_is_known_cannot_be_vouched_for(desk: Desk, outdial: Terminal) -> None:
    campaign_batch = unanswered(desk)
    first, second = keys(desk)
    desk.execute("UPDATE attempt SET state = 'submitted' WHERE key = :key", key=first)
    rows = [listed(desk.call(first, over=False))]
    desk.later(hours=-25)
    for _ in range(3):
        desk.page(campaign_batch, rows)
    desk.later(hours=25)
    desk.ledger.run_sync(advancing.settle, campaign_batch.batch_id, desk.now, own_progress=False)

    said = outdial.refused("held", "confirm-not-placed", first, "--yes", *SAID)
    told = outdial.done("held", "confirm-not-placed", campaign_batch.tags[0], "--yes", *SAID)

    assert "it was placed" in said
    assert "1 person" in told
    assert "1 stay held" in told
    assert [one["state"] for one in desk.attempts()] == ["held", "failed"]
    assert second not in outdial("held", "list").stdout


def test_somebody_whose_call_goes_on_cannot_be_given_up(desk: Desk, outdial: Terminal) -> None:
    batch = unanswered(desk)
    first, second = keys(desk)
    desk.page(batch, [listed(desk.call(first, Outcome.UNKNOWN, over=False))])

    said = outdial.refused("held", "abandon", first, *SAID)
    told = outdial.done("held", "abandon", batch.tags[0], *SAID)

    assert "a call of it was heard of within a day and is not over" in said
    assert f"outdial held adopt {first} ID" in said
    assert "1 person" in told
    assert "1 stay held" in told
    assert [one["state"] for one in desk.attempts()] == ["held", "failed"]
    assert second not in outdial("held", "list").stdout


def test_somebody_whose_call_was_not_heard_of_for_a_day_can_be_given_up(
    desk: Desk, outdial: Terminal
) -> None:
    batch = unanswered(desk)
    first, _ = keys(desk)
    desk.later(hours=-25)
    desk.page(batch, [listed(desk.call(first, Outcome.UNKNOWN, over=False))])
    desk.later(hours=25)

    outdial.done("held", "abandon", first, *SAID)

    assert [one["state"] for one in desk.attempts()] == ["failed", "held"]


def test_nobody_of_a_campaign_that_was_cancelled_is_called_after_all(
    desk: Desk, outdial: Terminal
) -> None:
    (tag,) = unanswered(desk).tags
    desk.execute("UPDATE campaign SET state = 'cancelled'")

    outdial.done("held", "confirm-not-placed", tag, "--yes", *SAID)

    assert people(desk) == {"skipped"}


def test_people_of_a_submission_that_is_itself_in_doubt_go_by_its_tag(
    desk: Desk, outdial: Terminal
) -> None:
    tag = held(desk)
    (key, *_) = keys(desk)

    said = outdial.refused("held", "abandon", key, *SAID)

    assert f"in doubt with its whole submission, {tag}" in said
    assert submission(desk, tag)["state"] == "held"


def test_a_call_that_turns_up_for_somebody_given_up_is_kept(desk: Desk, outdial: Terminal) -> None:
    batch = unanswered(desk, people=1)
    (key,) = keys(desk)
    outdial.done("held", "abandon", key, *SAID)

    desk.page(batch, [listed(desk.call(key))])

    assert len(desk.stored()) == 1
    assert people(desk) == {"reached"}


def test_an_accepted_submission_in_which_nobody_is_held_cannot_be_settled(
    desk: Desk, outdial: Terminal
) -> None:
    (tag,) = desk.placed().tags

    assert "nobody in it is held" in outdial.refused("held", "abandon", tag, *SAID)
