"""`outdial explain`: every rule, its verdict and its clock; every attempt and call."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from campaign.words import Outcome
from store import suppressions
from store.recipients import NewRecipient
from tests.outdial.operator.conftest import Terminal
from tests.store.desk import Desk, listed

ANN = "+13125550101"
LIST = {"source": "people.csv", "country": "US", "consent": "consent"}
NOON = "2026-07-01T12:00-05:00"  # A Wednesday in Chicago.
MIDNIGHT = "2026-07-01T00:30-05:00"


@pytest.fixture
def campaign(desk: Desk) -> str:
    """The id of a running campaign that has Ann in Chicago."""
    enrolled = desk.enroll(recipients=LIST)
    ann = NewRecipient(
        phone_number=ANN,
        provider="vogent",
        external_id="ann",
        source_row=2,
        region="US",
        timezone="America/Chicago",
        consent="written",
    )
    desk.add(enrolled.id, [ann])
    desk.execute("UPDATE campaign SET state = 'running'")
    return enrolled.id


@pytest.fixture
def told(campaign: str, outdial: Terminal) -> Any:
    """What is told of Ann, at noon."""

    def tell(at: str = NOON) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(
            outdial.done("explain", "spring", ANN, "--at", at, "--json")
        )
        return said

    return tell


def rules(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for rule in said["rules"]}


def test_at_noon_a_person_may_be_called(told: Any) -> None:
    said = told()

    assert said["verdict"] == "ok"
    assert said["answer"].startswith("may be called until ")
    assert {rule["verdict"] for rule in said["rules"]} == {"ok"}
    assert rules(said)["place"]["clocks"] == [
        {"zone": "America/Chicago", "local": "2026-07-01T12:00:00-05:00"}
    ]


def test_at_night_it_says_from_when_on_and_which_rule_waits(told: Any) -> None:
    said = told(MIDNIGHT)

    assert said["verdict"] == "later"
    assert datetime.fromisoformat(said["next_at"]) > datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert said["answer"].startswith("not before Wed 2026-07-01 ")
    assert "in America/Chicago)" in said["answer"]
    assert rules(said)["campaign hours"]["verdict"] == "later"
    assert rules(said)["campaign hours"]["source"] == "policy.calling_windows"


def test_a_suppressed_number_is_never_called(desk: Desk, told: Any) -> None:
    desk.ledger.run_sync(suppressions.add, [ANN], reason="wrote to us", source="test", now=desk.now)

    said = told()

    assert said["verdict"] == "blocked"
    assert "wrote to us" in rules(said)["do-not-call list"]["why"]
    assert said["answer"].startswith("not called: do-not-call list")


@pytest.mark.parametrize(
    "words,answer",
    [
        (("pause", "spring"), "not now: the campaign is paused"),
        (("pause", "--all", "--by", "ann"), "not now: everything is paused by ann"),
        (("cancel", "spring"), "no further call: skipped: the campaign was cancelled"),
    ],
)
def test_what_a_person_stopped_is_said_first(
    told: Any, outdial: Terminal, words: tuple[str, ...], answer: str
) -> None:
    outdial.done(*words)

    assert told()["answer"] == answer


def test_a_call_under_way_is_said(desk: Desk, campaign: str, told: Any) -> None:
    batch = desk.plan(campaign)
    assert batch is not None

    said = told()

    assert said["answer"] == "a call is under way"
    assert [(one["no"], one["state"], one["dialled_at"]) for one in said["attempts"]] == [
        (1, "assigned", None)
    ]


def test_every_attempt_and_call_is_shown(
    desk: Desk, campaign: str, told: Any, outdial: Terminal
) -> None:
    batch = desk.plan(campaign)
    assert batch is not None
    desk.submit(batch)
    desk.page(batch, [listed(call) for call in desk.calls(batch, Outcome.NO_ANSWER)])

    said = told()

    (attempt,) = said["attempts"]
    (call,) = attempt["calls"]
    assert "wire" in [event["event"] for event in attempt["events"]]
    assert (attempt["outcome"], attempt["dialled_at"]) == ("no_answer", desk.now.isoformat())
    assert (call["outcome"], call["ended_reason"], call["duration_seconds"]) == (
        "no_answer",
        "hangup",
        30.0,
    )
    shown = outdial.done("explain", "spring", ANN, "--at", NOON)
    assert call["provider_call_id"] in shown
    assert "Wed 2026-07-01 12:00 UTC" in shown


def test_the_gap_after_a_call_is_told_as_a_rule(desk: Desk, campaign: str, told: Any) -> None:
    batch = desk.plan(campaign)
    assert batch is not None
    desk.submit(batch)
    desk.page(batch, [listed(call) for call in desk.calls(batch, Outcome.NO_ANSWER)])

    said = told("2026-07-01T12:10+00:00")

    assert rules(said)["gap"]["verdict"] == "later"


def test_the_page_for_a_person_ends_with_a_warning(campaign: str, outdial: Terminal) -> None:
    said = outdial.done("explain", "spring", "312-555-0101", "--at", NOON)

    first, *_, last = said.splitlines()
    assert first.startswith(f"{ANN} in spring, ann: may be called")
    assert last.startswith("This is not legal advice")
    assert "Wed 12:00 in America/Chicago" in said


def test_a_number_that_the_campaign_does_not_have_is_refused(
    campaign: str, outdial: Terminal
) -> None:
    assert "has nobody with this number" in outdial.refused("explain", "spring", "+13125550102")
    assert "letters" in outdial.refused("explain", "spring", "nobody")
    assert "no such campaign" in outdial.refused("explain", "summer", ANN)


@pytest.mark.parametrize("at", ["noon", "2026-07-01T12:00"])
def test_an_instant_without_a_zone_is_refused(campaign: str, outdial: Terminal, at: str) -> None:
    assert "distance from UTC" in outdial.refused("explain", "spring", ANN, "--at", at)


def test_the_help_shows_an_example(outdial: Terminal) -> None:
    assert "Example: outdial explain" in outdial.done("explain", "--help")
