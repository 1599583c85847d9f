"""`outdial incident`: a person has looked, and answers for going on."""

import json

from store import campaigns
from store.decisions import audit, incidents
from tests.outdial.operator.conftest import Terminal
from tests.store.desk import Desk

SAID = ("--by", "ann", "--reason", "asked the provider")


def reported(desk: Desk, name: str = "spring", first: int = 0) -> str:
    """Report an incident of a new campaign; returns the campaign's id."""
    campaign = desk.campaign(2, name, first)
    desk.ledger.run_sync(
        incidents.report,
        campaign.id,
        None,
        "restored_ledger",
        subject=f"{campaign.id}/vogent",
        detail="an older copy",
        now=desk.now,
        about=["od1-a", "od1-b"],
    )
    return campaign.id


def test_open_incidents_are_listed_and_ask_for_attention(desk: Desk, outdial: Terminal) -> None:
    reported(desk)
    reported(desk, "autumn", first=10)

    listed = outdial("incident", "list", "--json")
    of_one = outdial("incident", "list", "autumn")

    assert listed.exit_code == 1
    assert [one["campaign"] for one in json.loads(listed.stdout)] == ["spring", "autumn"]
    assert "restored ledger" in of_one.stdout
    assert "spring" not in of_one.stdout


def test_a_resolved_incident_is_audited_and_its_campaign_may_be_resumed(
    desk: Desk, outdial: Terminal
) -> None:
    campaign_id = reported(desk)
    assert (
        "outdial incident resolve 1 --by NAME --reason TEXT" in outdial("status", "spring").stdout
    )

    said = outdial.done("incident", "resolve", "1", *SAID)

    assert "outdial resume spring" in said
    outdial.done("resume", "spring")
    assert outdial("incident", "list").exit_code == 0
    with desk.ledger.reading() as db:
        known = incidents.known_about(db, campaign_id, "restored_ledger")
        assert known == {"od1-a": True, "od1-b": True}
        assert campaigns.get(db, "spring").state == "running"
        (first, *_) = [(one.actor, one.verb, one.subject) for one in audit.listing(db)]
        assert first == ("ann", "resolve", "incident 1")


def test_an_incident_that_is_not_open_cannot_be_resolved(desk: Desk, outdial: Terminal) -> None:
    reported(desk)
    outdial.done("incident", "resolve", "1", *SAID)

    for number in ("1", "2"):
        assert "`outdial incident list` shows them." in outdial.refused(
            "incident", "resolve", number, *SAID
        )
