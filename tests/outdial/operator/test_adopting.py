"""`outdial held adopt`: believed as far as the provider bears it out."""

import asyncio

import pytest

from campaign.errors import BadInput
from outdial.adopting import adopt_by_hand
from outdial.settling import matter_of
from store.decisions import holding
from store.decisions.holding import Decider
from tests.outdial.operator.conftest import Terminal
from tests.outdial.operator.doubts import (
    SAID,
    decisions,
    doubtful,
    held,
    people,
    submission,
    unanswered,
)
from tests.outdial.operator.workspace import Workspace
from tests.store.desk import Desk

pytestmark = pytest.mark.usefixtures("today")


def numbers(desk: Desk, tag: str) -> dict[str, str]:
    """Whom a submission is to call, by key."""
    return {one["key"]: one["phone_number"] for one in desk.attempts(tag=tag)}


def test_an_adopted_submission_is_collected_and_counts_as_dialled(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    job = workspace.job(tag, numbers(desk, tag))
    workspace.start(job)

    outdial.done("held", "adopt", tag, job, *SAID)

    row = submission(desk, tag)
    assert (row["state"], row["provider_batch_id"]) == ("accepted", job)
    assert row["started_at"] is not None
    assert people(desk) == {"open"}
    assert decisions(desk) == [("ann", "held adopt", tag, "looked at their page")]
    assert desk.row("SELECT state FROM batch")["state"] == "collecting"


def test_what_was_created_and_never_started_is_to_be_started(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    job = workspace.job(tag, numbers(desk, tag))

    assert "never started" in outdial.refused("held", "adopt", tag, job, *SAID)
    assert submission(desk, tag)["state"] == "held"
    outdial.done("held", "adopt", tag, job, "--not-started", *SAID)

    assert submission(desk, tag)["started_at"] is None
    assert desk.row("SELECT state FROM batch")["state"] == "submitting"


def test_what_dials_already_is_not_to_be_started(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    job = workspace.job(tag, numbers(desk, tag))
    workspace.start(job)

    said = outdial.refused("held", "adopt", tag, job, "--not-started", *SAID)

    assert "dials already" in said
    assert submission(desk, tag)["state"] == "held"


def test_an_id_that_the_provider_does_not_know_is_refused(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    nowhere = "3f0d3c55-6f0e-4ef4-8a51-2c1d7f2f6d20"

    said = outdial.refused("held", "adopt", tag, nowhere, *SAID)

    assert f"vogent knows no batch {nowhere}" in said
    assert "Nothing was changed" in said
    assert submission(desk, tag)["state"] == "held"
    assert decisions(desk) == []


def test_the_id_of_another_doubt_is_refused(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    other = doubtful(desk, "summer", first=50)
    job = workspace.job(other, numbers(desk, other))
    workspace.start(job)
    workspace.calls(job)

    said = outdial.refused("held", "adopt", tag, job, *SAID)

    assert f"other calls in {job} than those of {tag}" in said
    assert submission(desk, tag)["state"] == "held"


def test_an_id_is_refused_if_the_tag_is_that_of_another_one(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    job = workspace.job(tag, numbers(desk, tag))

    said = outdial.refused("held", "adopt", tag, "another", *SAID)

    assert f"vogent has {tag} as {job}, not as another" in said


def test_a_job_of_another_name_is_adopted_if_its_calls_are_ours(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    job = workspace.job(tag, numbers(desk, tag), named="renamed")
    workspace.start(job)
    workspace.calls(job)

    outdial.done("held", "adopt", tag, job, *SAID)

    assert submission(desk, tag)["provider_batch_id"] == job


def test_nothing_is_adopted_while_the_provider_cannot_be_asked(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    tag = held(desk)
    workspace.break_down()

    said = outdial.refused("held", "adopt", tag, "job-7", *SAID)

    assert "vogent could not be asked" in said
    assert "--unchecked" in said
    assert submission(desk, tag)["state"] == "held"
    assert decisions(desk) == []


def test_an_operators_word_alone_is_kept_as_such(desk: Desk, outdial: Terminal) -> None:
    tag = held(desk)

    outdial.done("held", "adopt", tag, "job-7", "--unchecked", *SAID)

    assert submission(desk, tag)["provider_batch_id"] == "job-7"
    (decision,) = decisions(desk)
    assert decision[1:3] == ("held adopt --unchecked", tag)


def test_what_somebody_else_has_settled_meanwhile_is_not_adopted(desk: Desk) -> None:
    tag = held(desk)
    matter = desk.ledger.run_sync(matter_of, tag)
    ann, bob = (Decider(actor=name, reason="seen") for name in ("ann", "bob"))
    desk.ledger.run_sync(holding.abandon, tag, bob, desk.now)

    with pytest.raises(BadInput, match="settled meanwhile"):
        asyncio.run(adopt_by_hand(matter, "job-7", ann, not_started=False, unchecked=True))

    assert submission(desk, tag)["provider_batch_id"] is None
    assert [one[0] for one in decisions(desk)] == ["bob"]


def test_where_the_provider_has_no_batches_the_id_is_that_of_the_call(
    desk: Desk, outdial: Terminal
) -> None:
    tag = held(desk, people=1)
    called_singly(desk)

    outdial.done("held", "adopt", tag, "call-7", "--unchecked", *SAID)

    assert submission(desk, tag)["provider_batch_id"] == tag
    assert [one["provider_call_id"] for one in desk.attempts()] == ["call-7"]


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


def test_a_call_that_the_provider_never_listed_decides_once_it_is_adopted(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    (tag,) = unanswered(desk).tags
    job = workspace.job(tag, numbers(desk, tag))
    workspace.start(job)
    (key, call_id), (other, its_call) = workspace.calls(job).items()

    outdial.done("held", "adopt", key, call_id, *SAID)
    outdial.done("held", "adopt", tag, its_call, "--key", other, *SAID)

    assert {one["provider_call_id"] for one in desk.stored()} == {call_id, its_call}
    assert {one["state"] for one in desk.attempts()} == {"done"}
    assert "held" not in people(desk)
    assert [one[1:3] for one in decisions(desk)] == [
        ("held adopt", f"{tag} {key}"),
        ("held adopt", f"{tag} {other}"),
    ]
    assert outdial("held", "list").exit_code == 0


def test_the_call_of_somebody_else_is_refused(
    desk: Desk, outdial: Terminal, workspace: Workspace
) -> None:
    (tag,) = unanswered(desk).tags
    job = workspace.job(tag, numbers(desk, tag))
    workspace.start(job)
    (key, _), (_, its_call) = workspace.calls(job).items()

    said = outdial.refused("held", "adopt", key, its_call, *SAID)

    assert f"not as that of {key}" in said
    assert desk.stored() == []
    assert people(desk) == {"held"}


def test_a_call_needs_to_be_said_whose_it_is(desk: Desk, outdial: Terminal) -> None:
    (tag,) = unanswered(desk).tags

    assert "--key KEY" in outdial.refused("held", "adopt", tag, "call-1", *SAID)


def test_a_persons_call_is_never_taken_unread(desk: Desk, outdial: Terminal) -> None:
    unanswered(desk)
    (key, *_) = (one["key"] for one in desk.attempts())

    said = outdial.refused("held", "adopt", key, "call-1", "--unchecked", *SAID)

    assert "a person's call is read at the provider" in said
