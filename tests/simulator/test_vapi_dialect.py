from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import httpx
import pytest

from simulator.clock import VirtualClock, iso_utc
from simulator.dialects.vapi.overrides import OVERRIDABLE
from simulator.dialects.vapi.requests import (
    Body,
    CreateCall,
    CreateCampaign,
    Customer,
    SchedulePlan,
    UpdateCampaign,
)
from tests.simulator.in_process import PEOPLE, Town, found_town
from tests.simulator.vapi_schemas import faults_of, properties

ASSISTANT = "0d8f7b62-3f0e-4a55-9a07-2f1f0f4c9b10"
NUMBER_ID = "c2a1e6d4-88b1-4f5f-8f0e-5f5c1b7a2d33"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Site:
    town: Town
    http: httpx.Client

    def launch(self, *endings: int, **more: Any) -> str:
        answer = self.http.post("/v2/campaign", json=campaign(*endings, **more))
        assert answer.status_code == 201, answer.text
        campaign_id: str = answer.json()["id"]
        return campaign_id

    def campaign(self, campaign_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v2/campaign/{campaign_id}", params={"includeCounters": "true"})
        assert answer.status_code == 200, answer.text
        assert faults_of(answer.json(), "CampaignSummary") == []
        row: dict[str, Any] = answer.json()
        return row

    def contacts(self, campaign_id: str, **query: Any) -> dict[str, Any]:
        answer = self.http.get(f"/v2/campaign/{campaign_id}/contacts", params=query)
        assert answer.status_code == 200, answer.text
        assert faults_of(answer.json(), "CampaignContactPaginatedResponse") == []
        page: dict[str, Any] = answer.json()
        return page

    def people(self, campaign_id: str) -> list[tuple[str, str | None]]:
        rows = self.contacts(campaign_id)["results"]
        return [(row["status"], row.get("endedReason")) for row in rows]

    def campaigns(self, **query: Any) -> dict[str, Any]:
        answer = self.http.get("/v2/campaign", params=query)
        assert answer.status_code == 200, answer.text
        assert faults_of(answer.json(), "CampaignSummaryPaginatedResponse") == []
        page: dict[str, Any] = answer.json()
        return page

    def create(self, ending: int, **more: Any) -> dict[str, Any]:
        answer = self.http.post("/call", json=call(ending, **more))
        assert answer.status_code == 201, answer.text
        assert faults_of(answer.json(), "Call") == []
        row: dict[str, Any] = answer.json()
        return row

    def read(self, call_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/call/{call_id}")
        assert answer.status_code == 200, answer.text
        assert faults_of(answer.json(), "Call") == []
        row: dict[str, Any] = answer.json()
        return row

    def calls(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.http.get("/call", params=query)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        assert [fault for row in rows for fault in faults_of(row, "Call")] == []
        return rows


Open: TypeAlias = Callable[..., Site]


@pytest.fixture
def vapi(clock: VirtualClock) -> Open:
    def start(**switches: Any) -> Site:
        town = found_town(clock, vapi=switches)
        return Site(town, town.client("vapi"))

    return start


def customer(ending: int, **more: Any) -> dict[str, Any]:
    variables = {"outdial_key": f"key-{ending}", "outdial_tag": "od1-tag"}
    return {
        "number": f"+131255501{ending:02}",
        "assistantOverrides": {"variableValues": variables},
        **more,
    }


def campaign(*endings: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "spring od1-tag",
        "assistantId": ASSISTANT,
        "phoneNumberId": NUMBER_ID,
        "maxConcurrency": 5,
        "customers": [customer(ending) for ending in endings],
        **more,
    }


def call(ending: int, **more: Any) -> dict[str, Any]:
    key = f"key-{ending}"
    return {
        "name": key,
        "assistantId": ASSISTANT,
        "phoneNumberId": NUMBER_ID,
        "customer": {"number": f"+131255501{ending:02}", "externalId": key},
        **more,
    }


def plan(clock: VirtualClock, earliest: float, latest: float | None = None) -> dict[str, str]:
    given = {"earliestAt": iso_utc(clock.now() + earliest)}
    return given if latest is None else given | {"latestAt": iso_utc(clock.now() + latest)}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# The judge


def test_the_schemas_notice_what_is_wrong() -> None:
    right = {"id": "a", "orgId": "b", "createdAt": "2026-11-02T09:15:04.127Z"}

    assert faults_of(right | {"updatedAt": "2026-11-02T09:15:04.127Z"}, "Call") == []
    for wrong in (
        {},
        {"updatedAt": "yesterday"},
        {"updatedAt": right["createdAt"], "status": "busy"},
        {"updatedAt": right["createdAt"], "endedReason": "because"},
        {"updatedAt": right["createdAt"], "transcript": "invented"},
        {"updatedAt": right["createdAt"], "analysis": {"successEvaluation": True}},
    ):
        assert len(faults_of(right | wrong, "Call")) == 1, wrong


def test_the_properties_that_may_be_sent_are_those_of_the_schemas() -> None:
    def sendable(model: type[Body]) -> set[str]:
        return {str(field.alias) for field in model.model_fields.values()}

    newer = {"squadVersion"}
    refused_by_v2 = {"workflowId", "dialPlan"}
    assert sendable(CreateCall) - newer == properties("CreateCallDTO")
    assert sendable(CreateCampaign) == properties("CreateCampaignDTO") - refused_by_v2
    assert sendable(UpdateCampaign) == properties("UpdateCampaignDTO")
    assert sendable(Customer) == properties("CreateCustomerDTO")
    assert sendable(SchedulePlan) == properties("SchedulePlan")
    assert properties("AssistantOverrides") == OVERRIDABLE


# Campaigns


def test_a_new_campaign_is_scheduled_and_answers_without_contacts(vapi: Open) -> None:
    site = vapi()

    answer = site.http.post("/v2/campaign", json=campaign(0, 1))

    row = answer.json()
    assert answer.status_code == 201
    assert faults_of(row, "Campaign") == []
    assert (row["status"], row["name"], row["maxConcurrency"]) == ("scheduled", "spring od1-tag", 5)
    assert row["createdAt"] == row["updatedAt"]
    assert not {"customers", "calls"} & row.keys()


def test_a_campaign_runs_to_its_end(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    campaign_id = site.launch(0, 3, 20, maxConcurrency=1)
    seen: list[tuple[str, int, int, int]] = []

    for seconds in (0, 1, 70, 2, 69, 1):
        clock.advance(seconds)
        row = site.campaign(campaign_id)
        counters = row["contactCounters"]
        places = ("pending", "dispatched", "completed")
        seen.append((row["status"], *(counters[place] for place in places)))

    assert seen == [
        ("scheduled", 3, 0, 0),
        ("in-progress", 2, 1, 0),
        ("in-progress", 1, 1, 1),
        ("in-progress", 0, 1, 2),
        ("in-progress", 0, 1, 2),
        ("ended", 0, 0, 3),
    ]
    over = site.campaign(campaign_id)
    assert over["endedReason"] == "campaign.ended.success"
    assert over["callMetrics"] == {"dialed": 3, "connected": 2}
    assert moment(over["updatedAt"]) == clock.now()


def test_nobody_is_dialled_before_the_earliest_time(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    campaign_id = site.launch(0, schedulePlan=plan(clock, 300))

    clock.advance(299)
    before = (site.campaign(campaign_id)["status"], site.calls(), site.people(campaign_id))
    clock.advance(1)

    assert before == ("scheduled", [], [("contact.pending", None)])
    assert site.campaign(campaign_id)["status"] == "in-progress"
    assert len(site.calls()) == 1


def test_every_ending_has_its_reason(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(strange_reason="call.ringing.carrier-diverted-elsewhere")
    campaign_id = site.launch(*range(10), maxConcurrency=20)

    clock.advance(500)

    rows = site.contacts(campaign_id)["results"]
    reasons = [row.get("endedReason") for row in rows]
    assert reasons[0] in {"customer-ended-call", "assistant-ended-call"}
    assert reasons[1:8] == [
        "voicemail",
        "customer-did-not-answer",
        "customer-busy",
        "call.in-progress.error-vapifault-transport-never-connected",
        "assistant-forwarded-call",
        None,
        "call.ringing.carrier-diverted-elsewhere",
    ]
    assert reasons[9] == "twilio-reported-customer-misdialed"
    assert [row["status"].removeprefix("contact.") for row in rows] == [
        "completed",
        "completed",
        "completed",
        "completed",
        "failed",
        "completed",
        "dispatched",
        "completed",
        "completed",
        "failed",
    ]


def test_all_documented_reasons_are_in_the_official_enumeration(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    site.launch(*(ending for ending in range(14) if ending != 7), maxConcurrency=20)

    clock.advance(500)

    assert len([row for row in site.calls() if row["status"] == "ended"]) == 12


def test_who_does_not_answer_may_count_as_failed(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(unanswered="contact.failed")
    campaign_id = site.launch(2, 3)

    clock.advance(200)

    assert [status for status, _ in site.people(campaign_id)] == ["contact.failed"] * 2


def test_a_dispatched_contact_leads_to_its_call(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    campaign_id = site.launch(0)
    clock.advance(5)

    contact = site.contacts(campaign_id)["results"][0]
    row = site.read(contact["callId"])

    assert contact["status"] == "contact.dispatched"
    assert moment(contact["dispatchedAt"]) == clock.now() - 4
    assert row["createdAt"] == contact["dispatchedAt"]
    assert (row["status"], row["campaignId"]) == ("ringing", campaign_id)
    assert row["customer"] == {"number": "+13125550100"}
    assert row["assistantOverrides"]["variableValues"]["outdial_key"] == "key-0"


def test_overrides_of_person_and_campaign_are_merged_deeply(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    shared = {"variableValues": {"due": "Monday", "shop": "Main"}, "firstMessage": "Hi"}
    own = {"variableValues": {"due": "Friday"}}
    site.launch(customers=[customer(0, assistantOverrides=own)], assistantOverrides=shared)
    clock.advance(5)

    overrides = site.calls()[0]["assistantOverrides"]

    assert overrides == {
        "variableValues": {"due": "Friday", "shop": "Main"},
        "firstMessage": "Hi",
    }


def test_squads_are_overridden_by_squad_overrides(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    own = {"variableValues": {"outdial_key": "squad-key"}}
    person = {"number": "+13125550120", "squadOverrides": own}
    squad = campaign(squadId=ASSISTANT, customers=[person])
    del squad["assistantId"]

    site.http.post("/v2/campaign", json=squad)
    clock.advance(5)

    assert site.calls()[0]["squadOverrides"] == own
    assert site.town.ledger("vapi")["rings"][0]["key"] == "squad-key"


def test_calls_of_a_campaign_may_echo_nothing(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(campaign_calls_echo=False)
    site.launch(0)
    clock.advance(5)

    assert "key-0" not in str(site.calls())


def test_a_cancelled_campaign_lets_live_calls_end_and_starts_no_other(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    campaign_id = site.launch(0, 20, 21, maxConcurrency=1)
    clock.advance(20)

    answer = site.http.patch(f"/v2/campaign/{campaign_id}", json={"status": "cancelled"})
    at_once = site.campaign(campaign_id)
    clock.advance(500)

    assert faults_of(answer.json(), "Campaign") == []
    assert at_once["status"] == "cancelled"
    assert at_once["endedReason"] == "campaign.in-progress.ended-by-user"
    assert at_once["contactCounters"]["dispatched"] == 1
    assert [status for status, _ in site.people(campaign_id)] == [
        "contact.completed",
        "contact.failed",
        "contact.failed",
    ]
    assert len(site.town.ledger("vapi")["rings"]) == 1


def test_a_scheduled_campaign_is_cancelled_before_anybody_is_dialled(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi(leftover="contact.pending")
    campaign_id = site.launch(0, schedulePlan=plan(clock, 60))

    row = site.http.patch(f"/v2/campaign/{campaign_id}", json={"status": "ended"}).json()
    clock.advance(500)

    assert row["endedReason"] == "campaign.scheduled.ended-by-user"
    assert site.people(campaign_id) == [("contact.pending", None)]
    assert site.town.ledger("vapi")["rings"] == []


def test_what_is_over_cannot_be_cancelled_and_nothing_can_be_changed(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    path = f"/v2/campaign/{site.launch(0)}"

    def patch(body: dict[str, Any]) -> int:
        return site.http.patch(path, json=body).status_code

    assert patch({"name": "other"}) == 400
    assert patch({"status": "cancelled", "name": "other"}) == 400
    assert patch({}) == 400
    assert patch({"status": "paused"}) == 400
    assert patch({"speed": 2}) == 400
    clock.advance(500)
    assert patch({"status": "cancelled"}) == 409


def test_an_archived_campaign_was_cancelled_and_is_readable_or_gone(
    vapi: Open, clock: VirtualClock
) -> None:
    readable, gone = vapi(), vapi(archived="gone")
    for site in (readable, gone):
        campaign_id = site.launch(0, schedulePlan=plan(clock, 60))
        row = site.http.delete(f"/v2/campaign/{campaign_id}").json()
        assert faults_of(row, "Campaign") == []
        assert row["status"] == "archived"

        left = site.http.get(f"/v2/campaign/{campaign_id}").status_code
        listed = site.campaigns()["metadata"]["totalItems"]

        assert (left, listed) == ((200, 1) if site is readable else (404, 0))
    clock.advance(500)
    assert readable.town.ledger("vapi")["rings"] == []


def test_who_finds_no_line_within_the_hour_is_given_up(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(give_up_after=60)
    campaign_id = site.launch(6, 20, maxConcurrency=1)

    clock.advance(62)

    contacts = site.contacts(campaign_id)["results"]
    assert contacts[1]["status"] == "contact.failed"
    assert not {"callId", "dispatchedAt", "endedReason"} & contacts[1].keys()


def test_no_call_starts_after_the_latest_time(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(leftover="contact.skipped")
    campaign_id = site.launch(0, 20, maxConcurrency=1, schedulePlan=plan(clock, 10, 50))

    clock.advance(500)

    assert site.campaign(campaign_id)["status"] == "ended"
    assert site.people(campaign_id)[1] == ("contact.skipped", None)


def test_a_campaign_can_be_copied_with_its_people(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    source = site.launch(0, 3)
    copy = {"name": "again", "duplicateFromCampaignId": source}

    copied = site.http.post("/v2/campaign", json=copy).json()
    fewer = site.http.post("/v2/campaign", json=copy | {"customers": [customer(4)]}).json()

    assert (copied["assistantId"], copied["maxConcurrency"]) == (ASSISTANT, 5)
    assert len(site.contacts(copied["id"])["results"]) == 2
    assert len(site.contacts(fewer["id"])["results"]) == 1
    unknown = copy | {"duplicateFromCampaignId": UNKNOWN}
    assert site.http.post("/v2/campaign", json=unknown).status_code == 404


def test_a_copy_of_an_expired_schedule_is_refused(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    source = site.launch(0, schedulePlan=plan(clock, 10))
    clock.advance(20)

    answer = site.http.post(
        "/v2/campaign", json={"name": "again", "duplicateFromCampaignId": source}
    )

    assert answer.json()["message"] == ["schedulePlan.earliestAt must be in the future"]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"metadata": {}}, "property metadata should not exist"),
        ({"workflowId": ASSISTANT}, "property workflowId should not exist"),
        ({"name": ""}, "name must be longer than or equal to 1 characters"),
        ({"name": "  "}, "name should not be empty"),
        ({"name": 7}, "name must be a string"),
        ({"assistantId": "front desk"}, "assistantId must be a UUID"),
        ({"squadId": ASSISTANT}, "exactly one of assistantId and squadId must be given"),
        ({"phoneNumberId": None}, "phoneNumberId must be a string"),
        ({"customers": []}, "customers must contain at least 1 elements"),
        ({"customers": None}, "customers should not be empty"),
        (
            {"customers": [customer(0, number="3125550100")]},
            "customers.0.number must be a valid phone number in the E.164 format",
        ),
        ({"customers": [customer(0, age=7)]}, "customers.0.property age should not exist"),
        (
            {"customers": [customer(0), customer(1, externalId="k" * 41)]},
            "customers.1.externalId must be shorter than or equal to 40 characters",
        ),
        (
            {"customers": [customer(0, assistantOverrides={"mood": "good"})]},
            "customers.0.assistantOverrides.property mood should not exist",
        ),
        (
            {"customers": [customer(0, assistantOverrides={"variableValues": "x"})]},
            "customers.0.assistantOverrides.variableValues must be an object",
        ),
        ({"maxConcurrency": 0}, "maxConcurrency must not be less than 1"),
        ({"maxConcurrency": 501}, "maxConcurrency must not be greater than 500"),
        ({"maxConcurrency": 101}, "maxConcurrency must not be greater than 100"),
        (
            {"schedulePlan": {"earliestAt": "2020-01-01T00:00:00Z"}},
            "schedulePlan.earliestAt must be in the future",
        ),
        (
            {"schedulePlan": {"earliestAt": "soon"}},
            "schedulePlan.earliestAt must be a valid ISO 8601 date string",
        ),
        ({"schedulePlan": {}}, "schedulePlan.earliestAt should not be empty"),
        (
            {
                "schedulePlan": {
                    "earliestAt": "2036-01-01T00:00:00Z",
                    "latestAt": "2036-01-01T00:00:00.000Z",
                }
            },
            "schedulePlan.latestAt must be after earliestAt",
        ),
        ({"predialPlan": {"enabled": True}}, "predialPlan needs server"),
        ({"serverMessages": ["campaign.ended"]}, "serverMessages needs server"),
    ],
)
def test_an_invalid_campaign_is_refused_in_nests_words_and_rings_nobody(
    vapi: Open, clock: VirtualClock, change: dict[str, Any], message: str
) -> None:
    site = vapi()

    answer = site.http.post("/v2/campaign", json=campaign(0) | change)
    clock.advance(100)

    assert answer.status_code == 400
    problems = answer.json()
    assert (problems["error"], problems["statusCode"]) == ("Bad Request", 400)
    assert problems["message"] == [message]
    assert site.town.ledger("vapi")["rings"] == []


def test_what_is_missing_is_named_together(vapi: Open) -> None:
    answer = vapi().http.post("/v2/campaign", json={"name": "empty"})

    assert answer.json()["message"] == [
        "exactly one of assistantId and squadId must be given",
        "phoneNumberId should not be empty",
        "customers should not be empty",
    ]


def test_a_body_that_is_no_json_is_refused_with_a_single_string(vapi: Open) -> None:
    answer = vapi().http.post("/v2/campaign", content=b"{")

    assert (answer.status_code, answer.json()["message"]) == (400, "Unexpected token in JSON")


def test_ten_thousand_people_are_the_most(vapi: Open) -> None:
    site = vapi()
    person = {"number": "+13125550120"}

    enough = campaign(customers=[person] * 10_000)
    too_many = campaign(customers=[person] * 10_001)

    assert site.http.post("/v2/campaign", json=too_many).json()["message"] == [
        "customers must contain no more than 10000 elements"
    ]
    assert site.http.post("/v2/campaign", json=enough).status_code == 201


def test_campaigns_may_not_be_enabled(vapi: Open) -> None:
    http = vapi(campaigns=False).http

    refused = http.post("/v2/campaign", json=campaign(0))

    assert refused.status_code == http.get("/v2/campaign").status_code == 403
    assert refused.json()["message"] == "Campaigns V2 is not enabled for your organization"
    assert http.post("/call", json=call(0)).status_code == 201


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_assistant_is_refused(vapi: Open, status: int) -> None:
    http = vapi(missing=[ASSISTANT], missing_status=status).http

    assert http.post("/v2/campaign", json=campaign(0)).status_code == status
    assert http.post("/call", json=call(0)).status_code == status


def test_campaigns_are_listed_by_number_of_page(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    for number in range(5):
        site.launch(20, name=f"campaign {number}")
        clock.advance(1)

    first = site.campaigns(limit=2, sortOrder="ASC", sortBy="createdAt")
    last = site.campaigns(limit=2, page=3, sortOrder="ASC")
    newest = site.campaigns(limit=1, includeCounters="true")["results"][0]

    assert [row["name"] for row in first["results"]] == ["campaign 0", "campaign 1"]
    assert first["metadata"] == {
        "itemsPerPage": 2,
        "totalItems": 5,
        "currentPage": 1,
        "totalPages": 3,
        "hasNextPage": True,
        "sortOrder": "ASC",
    }
    assert [row["name"] for row in last["results"]] == ["campaign 4"]
    assert last["metadata"]["hasNextPage"] is False
    assert newest["name"] == "campaign 4"
    assert newest["contactCounters"]["dispatched"] == 1


def test_campaigns_are_filtered_by_time_and_status(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    began = clock.now()
    first = site.launch(3)
    clock.advance(100)
    second = site.launch(20, schedulePlan=plan(clock, 100))

    def found(**query: Any) -> list[str]:
        return [row["id"] for row in site.campaigns(sortOrder="ASC", **query)["results"]]

    assert found() == [first, second]
    assert found(createdAtGe=iso_utc(began)) == [first, second]
    assert found(createdAtGt=iso_utc(began)) == [second]
    assert found(createdAtLe=iso_utc(began, digits=6)) == [first]
    assert found(updatedAtLt=iso_utc(began + 50)) == [first]
    assert found(status="ended") == [first]
    assert found(id=second) == [second]
    assert site.campaigns(sortBy="cost")["metadata"]["totalItems"] == 2


def test_contacts_are_paged_in_the_order_of_upload(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    campaign_id = site.launch(*range(60))
    clock.advance(1)

    default = site.contacts(campaign_id)
    second = site.contacts(campaign_id, page=2)
    whole = site.contacts(campaign_id, limit=1000, sortBy="position")

    assert (len(default["results"]), len(second["results"])) == (50, 10)
    assert second["metadata"] == {"itemsPerPage": 50, "totalItems": 60, "currentPage": 2}
    assert default["results"] + second["results"] == whole["results"]
    assert [row["number"][-2:] for row in whole["results"]] == [f"{n:02}" for n in range(60)]


def test_contacts_are_filtered_by_one_status_or_several(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    campaign_id = site.launch(3, 4, 6, 20, maxConcurrency=3)
    clock.advance(4)

    over = site.contacts(campaign_id, status=["contact.completed", "contact.failed"])
    live = site.contacts(campaign_id, status="contact.dispatched")
    sorted_rows = site.contacts(campaign_id, sortBy="status")["results"]

    assert [row["number"][-1] for row in over["results"]] == ["3", "4"]
    assert over["metadata"]["totalItems"] == 2
    assert [row["number"][-2:] for row in live["results"]] == ["06", "20"]
    assert [row["status"] for row in sorted_rows] == sorted(row["status"] for row in sorted_rows)


@pytest.mark.parametrize(
    "path, query",
    [
        ("/v2/campaign", {"limit": 1001}),
        ("/v2/campaign", {"page": 0}),
        ("/v2/campaign", {"status": "done"}),
        ("/v2/campaign", {"name": "spring"}),
        ("/v2/campaign", {"createdAtGe": "yesterday"}),
        ("/call", {"limit": -1}),
        ("/call", {"page": 2}),
        ("/call", {"status": "ended"}),
        ("/assistant", {"limit": 1001}),
    ],
)
def test_an_invalid_query_is_refused(vapi: Open, path: str, query: dict[str, Any]) -> None:
    answer = vapi().http.get(path, params=query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["message"][0]


def test_contacts_refuse_an_unknown_status(vapi: Open) -> None:
    site = vapi()
    path = f"/v2/campaign/{site.launch(0)}/contacts"

    assert site.http.get(path, params={"status": "done"}).status_code == 400
    assert site.http.get(path, params={"limit": 0}).status_code == 400
    assert site.http.get(path, params={"sortOrder": "ASC"}).status_code == 200


def test_what_is_new_may_not_be_found_for_a_while(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(read_after_write=10)
    campaign_path = f"/v2/campaign/{site.launch(20)}"
    call_path = f"/call/{site.create(21)['id']}"

    clock.advance(9)
    early = [site.http.get(path).status_code for path in (campaign_path, call_path)]
    listed = (site.campaigns()["results"], site.calls())
    clock.advance(3)

    assert early == [404, 404]
    assert listed == ([], [])
    assert [site.http.get(path).status_code for path in (campaign_path, call_path)] == [200, 200]
    assert len(site.calls()) == 2


def test_optional_fields_may_be_null_instead_of_absent(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(nulls=True)
    campaign_id = site.http.post("/v2/campaign", json=campaign(20)).json()["id"]
    call_id = site.http.post("/call", json=call(21)).json()["id"]

    row = site.http.get(f"/v2/campaign/{campaign_id}").json()
    contact = site.http.get(f"/v2/campaign/{campaign_id}/contacts").json()["results"][0]
    single = site.http.get(f"/call/{call_id}").json()

    assert row["endedReason"] is row["schedulePlan"] is None
    assert contact["callId"] is contact["endedReason"] is None
    assert single["analysis"] is single["artifact"] is single["endedAt"] is None


# Calls


def test_a_single_call_goes_to_its_end(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    created = site.create(0, schedulePlan=plan(clock, 30))
    seen = [created["status"]]

    for seconds in (30, 10, 60):
        clock.advance(seconds)
        seen.append(site.read(created["id"])["status"])

    over = site.read(created["id"])
    assert seen == ["scheduled", "ringing", "in-progress", "ended"]
    assert (over["name"], over["customer"]["externalId"]) == ("key-0", "key-0")
    assert moment(over["endedAt"]) - moment(over["startedAt"]) == 60
    assert "monitor" not in over


def test_a_new_call_tells_the_limits_of_the_subscription(vapi: Open) -> None:
    site = vapi(lines=10)

    first, second = site.create(20), site.create(21)

    assert first["subscriptionLimits"] == {
        "concurrencyBlocked": False,
        "concurrencyLimit": 10,
        "remainingConcurrentCalls": 9,
    }
    assert second["subscriptionLimits"]["remainingConcurrentCalls"] == 8


def test_late_fields_come_one_by_one_with_a_new_time_of_change(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    call_id = site.create(0)["id"]
    clock.advance(70)
    seen: list[tuple[bool, bool, bool, bool]] = []
    changes: set[str] = set()

    for seconds in (0, 2, 3, 3, 7):
        clock.advance(seconds)
        row = site.read(call_id)
        artifact = row.get("artifact", {})
        changes.add(row["updatedAt"])
        seen.append(
            (
                "transcript" in artifact,
                row["cost"] > 0,
                "analysis" in row,
                "recordingUrl" in artifact,
            )
        )

    assert seen == [
        (False, False, False, False),
        (True, False, False, False),
        (True, True, False, False),
        (True, True, True, False),
        (True, True, True, True),
    ]
    assert len(changes) == 5
    settled = site.read(call_id)
    assert settled["costBreakdown"]["total"] == settled["cost"] == 0.1
    assert settled["analysis"]["successEvaluation"] in {"true", "false"}
    assert settled["artifact"]["transcript"].startswith("User: ")
    assert [row["id"] for row in site.calls(updatedAtGe=iso_utc(clock.now()))] == [call_id]


def test_an_unanswered_call_has_no_start_and_no_cost(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    call_id = site.create(2)["id"]
    clock.advance(100)

    row = site.read(call_id)

    assert (row["endedReason"], row["cost"]) == ("customer-did-not-answer", 0)
    assert not {"startedAt", "analysis", "artifact"} & row.keys()


def test_a_transferred_call_has_a_destination(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    call_id = site.create(5)["id"]
    clock.advance(100)

    assert site.read(call_id)["destination"]["type"] == "number"


def test_the_longest_duration_ends_a_call(clock: VirtualClock) -> None:
    talkers = PEOPLE.model_copy(update={"talk_seconds": (300, 300)})
    town = found_town(clock, people=talkers)
    site = Site(town, town.client("vapi"))
    call_id = site.create(0, assistantOverrides={"maxDurationSeconds": 30})["id"]

    clock.advance(400)

    row = site.read(call_id)
    assert row["endedReason"] == "exceeded-max-duration"
    assert moment(row["endedAt"]) - moment(row["startedAt"]) == 30


def walk(site: Site, size: int, until: float) -> list[str]:
    """The documented way through a list that is longer than a page."""
    seen: dict[str, None] = {}
    upper = iso_utc(until)
    while True:
        page = site.calls(limit=size, createdAtLe=upper)
        fresh = [row["id"] for row in page if row["id"] not in seen]
        seen |= dict.fromkeys(fresh)
        if len(page) < size:
            return [*seen]
        size = size if fresh else 2 * size
        upper = page[-1]["createdAt"]


def test_calls_are_listed_newest_first_and_can_be_walked_without_loss(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    created: list[str] = []
    for group in range(6):
        created += [site.create(20 + group)["id"] for _ in range(4)]
        clock.advance(0.25)

    rows = site.calls()
    times = [row["createdAt"] for row in rows]

    assert times == sorted(times, reverse=True)
    assert sorted(walk(site, 5, clock.now())) == sorted(created)
    assert site.calls(limit=0) == []
    assert len(site.calls(limit="2.0")) == 2


def test_bounds_of_time_are_exact_to_the_millisecond(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    clock.advance(0.1239)
    shown = site.create(20)["createdAt"]

    def count(**query: str) -> int:
        return len(site.calls(**query))

    assert shown.endswith(".123Z")
    assert count(createdAtGe=shown) == count(createdAtLe=shown) == 1
    assert count(createdAtGt=shown) == count(createdAtLt=shown) == 0
    finer = shown.replace(".123Z", ".123001Z")
    assert (count(createdAtGe=finer), count(createdAtLt=finer)) == (0, 1)
    offset = shown.replace("Z", "+00:00")
    assert count(createdAtGe=offset) == 1


def test_calls_are_filtered_by_assistant_number_and_id(vapi: Open) -> None:
    site = vapi()
    call_id = site.create(20)["id"]
    site.create(21, assistantId=UNKNOWN)

    assert len(site.calls(assistantId=ASSISTANT)) == 1
    assert len(site.calls(phoneNumberId=NUMBER_ID)) == 2
    assert [row["id"] for row in site.calls(id=call_id)] == [call_id]


def fill(site: Site, endings: Sequence[int]) -> list[httpx.Response]:
    return [site.http.post("/call", json=call(ending)) for ending in endings]


def test_a_call_beyond_the_limit_may_be_accepted_and_never_connect(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi(lines=1, over_capacity="block")

    _, blocked = fill(site, (20, 21))
    clock.advance(500)

    assert blocked.status_code == 201
    assert blocked.json()["subscriptionLimits"]["concurrencyBlocked"] is True
    reason = "call.start.error-subscription-concurrency-limit-reached"
    assert site.read(blocked.json()["id"])["endedReason"] == reason
    assert len(site.town.ledger("vapi")["rings"]) == 1


def test_a_call_beyond_the_limit_may_be_refused(vapi: Open) -> None:
    site = vapi(lines=1, over_capacity="refuse")

    _, refused = fill(site, (20, 21))

    assert (refused.status_code, refused.json()["message"]) == (400, "Over Concurrency Limit")
    assert len(site.calls()) == 1


def test_a_call_beyond_the_limit_may_wait(vapi: Open, clock: VirtualClock) -> None:
    site = vapi(lines=1, over_capacity="wait")

    _, waiting = fill(site, (20, 21))
    clock.advance(71)

    assert waiting.json()["status"] == "queued"
    assert site.read(waiting.json()["id"])["status"] == "ringing"


def test_several_customers_become_calls_and_refusals(vapi: Open) -> None:
    site = vapi(lines=1, over_capacity="refuse")
    several = call(0) | {"customers": [customer(20), customer(21, externalId="second")]}
    del several["customer"]

    answer = site.http.post("/call", json=several)

    batch = answer.json()
    assert answer.status_code == 201
    assert faults_of(batch, "CallBatchResponse") == []
    assert [row["customer"]["number"] for row in batch["results"]] == ["+13125550120"]
    assert [(no["customer"]["externalId"], no["error"]) for no in batch["errors"]] == [
        ("second", "Over Concurrency Limit")
    ]
    assert batch["subscriptionLimits"]["concurrencyBlocked"] is True


@pytest.mark.parametrize(
    "change, message",
    [
        ({"metadata": {"a": 1}}, "property metadata should not exist"),
        ({"type": "outboundPhoneCall"}, "property type should not exist"),
        ({"maxDurationSeconds": 60}, "property maxDurationSeconds should not exist"),
        ({"name": "n" * 41}, "name must be shorter than or equal to 40 characters"),
        (
            {"customers": [customer(1)]},
            "exactly one of customer, customers and customerId must be given",
        ),
        (
            {"squadId": ASSISTANT},
            "exactly one of assistant, squad and workflow must be given",
        ),
        ({"phoneNumberId": ""}, "phoneNumberId must be a UUID"),
        ({"customer": {"name": "Ada"}}, "customer.number must be given"),
        (
            {"schedulePlan": {"earliestAt": "2020-01-01T00:00:00Z"}},
            "schedulePlan.earliestAt must be in the future",
        ),
    ],
)
def test_an_invalid_call_is_refused_in_nests_words_and_rings_nobody(
    vapi: Open, change: dict[str, Any], message: str
) -> None:
    site = vapi()

    answer = site.http.post("/call", json=call(0) | change)

    assert (answer.status_code, answer.json()["message"]) == (400, [message])
    assert site.calls() == []


def test_a_sip_address_or_an_unchecked_number_can_be_dialled(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    site.create(0, customer={"sipUri": "sip:ada@example.com"})
    site.create(0, customer={"number": "desk7", "numberE164CheckEnabled": False})

    rung = [ring["number"] for ring in site.town.ledger("vapi")["rings"]]

    assert rung == ["sip:ada@example.com", "desk7"]


def test_a_scheduled_call_is_taken_back_by_deleting_it(vapi: Open, clock: VirtualClock) -> None:
    for deleted, left in (("readable", 200), ("gone", 404)):
        site = vapi(deleted_scheduled=deleted)
        call_id = site.create(0, schedulePlan=plan(clock, 60))["id"]

        row = site.http.request("DELETE", f"/call/{call_id}", json={}).json()
        clock.advance(500)

        assert faults_of(row, "Call") == []
        assert row["endedReason"] == "scheduled-call-deleted"
        assert site.http.get(f"/call/{call_id}").status_code == left
        assert site.town.ledger("vapi")["rings"] == []


def test_deleting_a_live_call_erases_it_and_it_goes_on_talking(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    call_id = site.create(0)["id"]
    clock.advance(20)

    deleted = site.http.delete(f"/call/{call_id}")
    clock.advance(500)

    assert deleted.status_code == 200
    assert site.http.get(f"/call/{call_id}").status_code == 404
    assert site.calls() == []
    assert site.town.ledger("vapi")["rings"][0]["duration_seconds"] == 60


def test_several_calls_are_deleted_at_once(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    ids = [site.create(ending, schedulePlan=plan(clock, 60))["id"] for ending in (20, 21)]

    site.http.request("DELETE", f"/call/{ids[0]}", json={"ids": ids})
    clock.advance(500)

    assert site.town.ledger("vapi")["rings"] == []


def test_a_live_call_is_hung_up_by_its_control_url_without_a_key(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    created = site.create(0)
    clock.advance(20)
    stranger = httpx.Client(transport=site.town.transport)
    control = created["monitor"]["controlUrl"]

    spoken = stranger.post(control, json={"type": "say", "content": "Hello"})
    live = site.read(created["id"])["status"]
    stranger.post(control, json={"type": "end-call"})

    over = site.read(created["id"])
    assert (spoken.status_code, live) == (200, "in-progress")
    assert over["endedReason"] == "manually-canceled"
    assert stranger.post(control, json={"type": "end-call"}).status_code == 404


def test_only_the_name_of_a_call_can_be_changed(vapi: Open, clock: VirtualClock) -> None:
    site = vapi()
    created = site.create(0)
    clock.advance(1)
    path = f"/call/{created['id']}"

    renamed = site.http.patch(path, json={"name": "other"}).json()

    assert (renamed["name"], renamed["updatedAt"]) == ("other", iso_utc(clock.now()))
    assert site.http.patch(path, json={"status": "ended"}).status_code == 400


def test_a_recording_is_a_redirect_to_a_link_that_works_without_a_key(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    path = f"/call/{site.create(0)['id']}"
    clock.advance(75)
    early = site.http.get(f"{path}/mono-recording")

    clock.advance(10)
    redirect = site.http.get(f"{path}/mono-recording")

    stranger = httpx.Client(transport=site.town.transport)
    assert (early.status_code, redirect.status_code) == (404, 302)
    assert stranger.get(redirect.headers["location"]).content.startswith(b"RIFF")
    assert stranger.get(redirect.headers["location"] + "0").status_code == 403
    assert site.http.get(f"{path}/video-recording").status_code == 404


def test_assistants_squads_and_numbers_prove_an_account(vapi: Open) -> None:
    http = vapi(missing=[UNKNOWN]).http

    assistants = http.get("/assistant", params={"limit": 1}).json()
    assistant = http.get(f"/assistant/{ASSISTANT}").json()
    squad = http.get(f"/squad/{ASSISTANT}").json()
    number = http.get(f"/phone-number/{NUMBER_ID}").json()
    numbers = http.get("/phone-number").json()

    assert [faults_of(row, "Assistant") for row in (*assistants, assistant)] == [[], []]
    assert faults_of(squad, "Squad") == []
    assert [faults_of(row, "TwilioPhoneNumber") for row in (*numbers, number)] == [[], []]
    assert assistant["id"] == ASSISTANT
    for kind in ("assistant", "squad", "phone-number"):
        assert http.get(f"/{kind}/{UNKNOWN}").status_code == 404
        assert http.get(f"/{kind}/front-desk").status_code == 400


def test_a_key_is_a_bearer_and_each_is_an_organization_of_its_own(clock: VirtualClock) -> None:
    town = found_town(clock, api_keys=("one", "two"))
    one, two = (Site(town, town.client("vapi", key)) for key in ("one", "two"))

    campaign_id, call_id = one.launch(20), one.create(21)["id"]

    assert two.campaigns()["results"] == two.calls() == []
    assert two.http.get(f"/v2/campaign/{campaign_id}").status_code == 404
    assert two.http.get(f"/call/{call_id}").status_code == 404
    stranger = town.client("vapi", "three").get("/assistant").json()
    assert (stranger["statusCode"], stranger["error"]) == (401, "Unauthorized")
    assert stranger["message"].startswith("Invalid Key.")


def test_ids_in_paths_are_uuids(vapi: Open) -> None:
    http = vapi().http

    assert http.get("/call/7").status_code == http.get("/v2/campaign/7").status_code == 400
    assert http.get(f"/call/{UNKNOWN}").json()["statusCode"] == 404
    assert http.get(f"/v2/campaign/{UNKNOWN}/contacts").status_code == 404


def test_the_ledger_knows_campaign_key_and_tag_of_every_ring(
    vapi: Open, clock: VirtualClock
) -> None:
    site = vapi()
    campaign_id = site.launch(0, 3)
    site.launch(customers=[{"number": "+13125550120", "externalId": "row-1"}])
    site.create(21)
    clock.advance(200)

    ledger = site.town.ledger("vapi")

    rings = {ring["number"][-2:]: ring for ring in ledger["rings"]}
    found = {ending: (ring["key"], ring["tag"]) for ending, ring in rings.items()}
    assert found == {
        "00": ("key-0", "od1-tag"),
        "03": ("key-3", "od1-tag"),
        "20": ("row-1", "od1-tag"),
        "21": ("key-21", "key-21"),
    }
    assert rings["00"]["provider_batch_id"] == campaign_id
    assert rings["21"]["provider_batch_id"] is None
    assert [post["dials"] for post in ledger["requests"]] == [True] * 3


def test_a_contact_that_the_provider_loses_is_not_listed(clock: VirtualClock) -> None:
    lose = {"nth": [2], "fault": {"kind": "drop_call"}}
    town = found_town(clock, faults={"rules": [lose]})
    site = Site(town, town.client("vapi"))

    campaign_id = site.launch(0, 20, 3)
    clock.advance(500)

    assert [row["number"][-2:] for row in site.contacts(campaign_id)["results"]] == ["00", "03"]
    assert site.campaign(campaign_id)["status"] == "ended"
    assert len(site.calls()) == 2


def test_stale_reads_show_a_campaign_as_it_was(clock: VirtualClock) -> None:
    stale = {"routes": ["status", "page"], "fault": {"kind": "stale_read", "seconds": 60}}
    town = found_town(clock, faults={"rules": [stale]})
    site = Site(town, town.client("vapi"))
    campaign_id = site.launch(0)

    clock.advance(71)
    behind = (site.campaign(campaign_id)["status"], site.people(campaign_id)[0][0])
    clock.advance(60)

    assert behind == ("in-progress", "contact.dispatched")
    assert site.campaign(campaign_id)["status"] == "ended"


def test_a_stale_list_shows_even_a_call_that_is_younger_than_what_is_seen(
    clock: VirtualClock,
) -> None:
    stale = {"routes": ["page"], "fault": {"kind": "stale_read", "seconds": 60}}
    town = found_town(clock, faults={"rules": [stale]})
    site = Site(town, town.client("vapi"))
    site.launch(0)

    clock.advance(5)

    assert len(site.calls()) == 1
