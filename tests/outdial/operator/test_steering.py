"""`outdial pause`, `resume` and `cancel`."""

import json
from datetime import timedelta

import pytest

from campaign.errors import Stopped
from store.batches import advancing
from store.decisions import audit
from store.planning.draft import PlannedBatch
from store.submissions import claiming
from tests.outdial.operator.conftest import Terminal
from tests.store.desk import Desk, listed

pytestmark = pytest.mark.usefixtures("today")


def state(desk: Desk, name: str = "spring") -> str:
    return desk.row("SELECT state FROM campaign WHERE name = :name", name=name)["state"]


def decisions(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.ledger.reading() as db:
        return [(one.actor, one.verb, one.reason) for one in audit.listing(db)]


def planned(desk: Desk, people: int = 3) -> PlannedBatch:
    batch = desk.plan(desk.campaign(people).id)
    assert batch is not None
    return batch


def claimed(desk: Desk, batch: PlannedBatch) -> int:
    (tag,) = batch.tags
    epoch = desk.ledger.run_sync(
        claiming.claim,
        tag,
        owner="me",
        body=b"",
        keys=desk.keys(tag),
        start_at=None,
        now=desk.now,
        lease=timedelta(minutes=5),
    )
    assert epoch is not None
    return epoch


def send(desk: Desk, batch: PlannedBatch, epoch: int) -> None:
    desk.ledger.run_sync(claiming.mark_wire, batch.tags[0], epoch, desk.now, dials=True)


def test_after_a_pause_not_one_byte_leaves(desk: Desk, outdial: Terminal) -> None:
    batch = planned(desk)
    epoch = claimed(desk, batch)

    said = outdial.done("pause", "spring", "--by", "ann", "--reason", "wrong greeting")

    assert state(desk) == "paused"
    assert "outdial resume spring" in said
    with pytest.raises(Stopped):
        send(desk, batch, epoch)
    assert decisions(desk) == [("ann", "pause", "wrong greeting")]


def test_a_resumed_campaign_may_send_again(desk: Desk, outdial: Terminal) -> None:
    batch = planned(desk)
    epoch = claimed(desk, batch)
    outdial.done("pause", "spring")

    said = outdial.done("resume", "spring")

    assert state(desk) == "running"
    assert "outdial run" in said
    send(desk, batch, epoch)


def test_pause_all_stops_campaigns_that_are_running(desk: Desk, outdial: Terminal) -> None:
    batch = planned(desk)
    epoch = claimed(desk, batch)

    outdial.done("pause", "--all", "--by", "ann", "--reason", "fire")

    assert state(desk) == "running"
    with pytest.raises(Stopped):
        send(desk, batch, epoch)
    outdial.done("resume", "--all")
    send(desk, batch, epoch)


def test_resume_says_that_everything_is_still_paused(desk: Desk, outdial: Terminal) -> None:
    desk.campaign()
    outdial.done("pause", "--all", "--by", "ann", "--reason", "fire")
    outdial.done("pause", "spring")

    result = outdial("resume", "spring")

    assert result.exit_code == 1
    assert "everything is paused by ann (fire)" in result.stdout


def test_whoever_is_logged_in_has_paused(
    desk: Desk, outdial: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.campaign()
    monkeypatch.setenv("LOGNAME", "bob")

    outdial.done("pause", "spring")

    assert decisions(desk) == [("bob", "pause", "no reason given")]


def test_pausing_twice_is_one_decision(desk: Desk, outdial: Terminal) -> None:
    desk.campaign()

    outdial.done("pause", "spring")
    outdial.done("pause", "spring")

    assert len(decisions(desk)) == 1


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_one_campaign_or_all_must_be_said(desk: Desk, outdial: Terminal, verb: str) -> None:
    assert "name one campaign, or say --all" in outdial.refused(verb)
    assert "name one campaign, or say --all" in outdial.refused(verb, "spring", "--all")


def test_what_never_ran_cannot_be_paused(desk: Desk, outdial: Terminal) -> None:
    desk.enroll()

    assert "spring is draft: there is nothing to pause" in outdial.refused("pause", "spring")


def test_a_campaign_that_does_not_exist_is_refused(outdial: Terminal) -> None:
    for verb in ("pause", "resume", "cancel"):
        assert "no such campaign" in outdial.refused(verb, "nowhere")


def test_a_decision_without_a_name_is_refused(desk: Desk, outdial: Terminal) -> None:
    desk.campaign()

    assert "--by is empty" in outdial.refused("pause", "spring", "--by", " ")
    assert state(desk) == "running"


def test_what_was_not_sent_is_cancelled_at_once(desk: Desk, outdial: Terminal) -> None:
    campaign = desk.campaign(people=5)
    desk.plan(campaign.id, size=2)

    said = outdial.done("cancel", "spring", "--by", "ann", "--reason", "wrong list")

    assert state(desk) == "cancelled"
    assert "5 listed: 5 skipped" in said
    people = desk.recipients()
    assert {(one["state"], one["reason"]) for one in people} == {
        ("skipped", "the campaign was cancelled")
    }
    assert {one["state"] for one in desk.attempts()} == {"skipped"}
    assert decisions(desk) == [("ann", "cancel", "wrong list")]


def test_what_a_provider_has_is_stopped_and_waited_for(desk: Desk, outdial: Terminal) -> None:
    campaign = desk.campaign(people=5)
    batch = desk.plan(campaign.id, size=2)
    assert batch is not None
    desk.submit(batch)

    result = outdial("cancel", "spring")

    assert result.exit_code == 1
    assert state(desk) == "cancelling"
    assert "vogent has 1 batch: it cannot stop a batch, only pause it there" in result.stdout
    row = desk.row("SELECT stop_asked_at FROM batch")
    assert row["stop_asked_at"] is not None
    assert [one["state"] for one in desk.recipients()].count("skipped") == 3


def test_it_is_cancelled_once_the_last_call_is_home(desk: Desk, outdial: Terminal) -> None:
    batch = desk.placed(people=2)
    assert outdial("cancel", "spring").exit_code == 1
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    desk.execute("UPDATE batch SET over_at = :now, clean_rounds = 1", now=desk.now.isoformat())
    desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=False)

    said = outdial.done("cancel", "spring")

    assert state(desk) == "cancelled"
    assert "2 reached" in said


def test_nobody_of_a_cancelling_campaign_is_redialled(desk: Desk, outdial: Terminal) -> None:
    desk.placed(people=2)
    outdial("cancel", "spring")
    desk.execute("UPDATE recipient SET state = 'ready'")

    outdial("cancel", "spring")

    assert {one["state"] for one in desk.recipients()} == {"skipped"}


def test_what_is_in_flight_is_not_called_cancelled(desk: Desk, outdial: Terminal) -> None:
    batch = planned(desk)
    send(desk, batch, claimed(desk, batch))

    result = outdial("cancel", "spring", "--json")

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["state"] == "cancelling"
    assert said["under_way"] == [{"provider": "vogent", "batches": 1, "stops": "pause only"}]


def test_a_claim_without_a_wire_mark_is_refused_once_cancelled(
    desk: Desk, outdial: Terminal
) -> None:
    batch = planned(desk)
    epoch = claimed(desk, batch)
    outdial("cancel", "spring")

    with pytest.raises(Stopped):
        send(desk, batch, epoch)


def test_a_draft_is_cancelled_without_a_call(desk: Desk, outdial: Terminal) -> None:
    desk.enroll()

    outdial.done("cancel", "spring")

    assert state(desk) == "cancelled"
    assert "there is nothing to cancel" in outdial.refused("cancel", "spring")


def test_the_api_that_the_campaign_chose_tells_what_can_be_stopped(
    desk: Desk, outdial: Terminal
) -> None:
    campaign = desk.enroll("vapi-calls", provider="vapi", agent={"api": "call"})
    desk.execute("UPDATE campaign SET state = 'running'")
    desk.execute(
        "INSERT INTO batch (id, campaign_id, no, provider, state, note, progress, round,"
        " round_changed, clean_rounds, failures, late_sweeps, created_at)"
        " VALUES ('b', :id, 1, 'vapi', 'collecting', '', '', 0, 0, 0, 0, 0, :now)",
        id=campaign.id,
        now=desk.now.isoformat(),
    )
    desk.execute(
        "INSERT INTO submission (tag, batch_id, no, provider, state, epoch, owner, body_sha256,"
        " looks, note, lines, wire_at)"
        " VALUES ('t', 'b', 1, 'vapi', 'unknown', 1, '', '', 0, '', 1, :now)",
        now=desk.now.isoformat(),
    )

    said = json.loads(outdial("cancel", "vapi-calls", "--json").stdout)

    assert said["under_way"] == [{"provider": "vapi", "batches": 1, "stops": "calls"}]


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_the_help_shows_an_example(outdial: Terminal, verb: str) -> None:
    assert f"Example: outdial {verb} spring-renewals" in outdial.done(verb, "--help")
