from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import httpx
import pytest

from simulator.clock import VirtualClock
from tests.simulator.in_process import Town, found_town

AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
CREATE = "/calls/create"
CANARIES = ("twilio-token-canary", "openai-key-canary", "pinecone-key-canary")
ROW = {
    "id",
    "user_id",
    "status",
    "error_message",
    "recording_available",
    "transcript",
    "human_detection_result",
    "do_not_call_result",
    "telephony_id",
    "stage",
    "stage_outcome",
    "telephony_metadata",
    "start_time",
    "end_time",
    "to_number",
    "from_number",
    "agent",
    "telephony_provider",
    "agent_phone_number",
    "hipaa_compliant",
    "on_no_human_answer",
    "context",
    "run_do_not_call_detection",
    "telephony_account_connection",
    "telephony_params",
}
"""The fields of a row in the documentation's own sample."""


@dataclass(frozen=True)
class Site:
    town: Town
    http: httpx.Client

    def create(self, ending: int, **more: Any) -> dict[str, Any]:
        answer = self.http.post(CREATE, json=call(ending, **more))
        assert answer.is_success, answer.text
        row: dict[str, Any] = answer.json()
        return row

    def page(self, **query: Any) -> dict[str, Any]:
        answer = self.http.get("/calls/list", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def endings(self, **query: Any) -> list[str]:
        return [row["to_number"][-1] for row in self.page(**query)["items"]]

    def read(self, call_id: str) -> dict[str, Any]:
        answer = self.http.get("/calls", params={"id": call_id})
        assert answer.status_code == 200, answer.text
        row: dict[str, Any] = answer.json()
        return row


Open: TypeAlias = Callable[..., Site]


@pytest.fixture
def vocode(clock: VirtualClock) -> Open:
    def start(**switches: Any) -> Site:
        town = found_town(clock, vocode=switches)
        return Site(town, town.client("vocode"))

    return start


def call(ending: int, **more: Any) -> dict[str, Any]:
    return {
        "from_number": "13125550100",
        "to_number": f"131255501{ending:02}",
        "agent": AGENT,
        "on_no_human_answer": "hangup",
        "context": {"outdial_key": f"key-{ending}", "outdial_tag": "tag"},
        **more,
    }


def words(row: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return row["status"], row["stage"], row["stage_outcome"]


def test_a_call_goes_from_not_started_to_its_end(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    seen = [words(site.create(0))]

    for seconds in (1, 10, 60, 2):
        clock.advance(seconds)
        seen.append(words(site.page()["items"][0]))

    assert seen[:4] == [
        ("not_started", "created", None),
        ("in_progress", "created", None),
        ("in_progress", "picked_up", None),
        ("ended", "picked_up", None),
    ]
    status, stage, outcome = seen[4]
    assert (status, stage) == ("ended", "picked_up")
    assert outcome in {"human_disconnected", "bot_disconnected"}


def test_every_ending_has_its_words(vocode: Open, clock: VirtualClock) -> None:
    site = vocode(strange_outcome="carrier_diverted")
    for ending in range(10):
        site.create(ending)

    clock.advance(500)

    rows = site.page()["items"]
    carrier = [row["telephony_metadata"]["call_status"] for row in rows]
    heard = [row["human_detection_result"] for row in rows]
    assert [words(row) for row in rows[1:8]] == [
        ("ended", "picked_up", "bot_disconnected"),
        ("ended", "created", "human_unanswered"),
        ("ended", "created", "call_did_not_connect"),
        ("error", "created", None),
        ("ended", "transfer_successful", "transfer_disconnected"),
        ("in_progress", "picked_up", None),
        ("ended", "created", "carrier_diverted"),
    ]
    assert words(rows[9]) == ("ended", "created", "call_did_not_connect")
    assert carrier[2:5] + carrier[9:] == ["no-answer", "busy", "failed", "failed"]
    assert heard[:3] == ["human", "no_human", None]
    assert rows[4]["error_message"]


def test_a_row_of_the_list_has_exactly_the_documented_fields(
    vocode: Open, clock: VirtualClock
) -> None:
    site = vocode()
    site.create(0)
    clock.advance(200)

    assert site.page()["items"][0].keys() == ROW


def test_list_and_single_call_tell_the_same_times_in_different_types(
    vocode: Open, clock: VirtualClock
) -> None:
    site = vocode()
    call_id = site.create(0)["id"]
    clock.advance(200)

    row, single = site.page()["items"][0], site.read(call_id)

    assert row["agent"] == single["agent"]["id"] == AGENT
    assert row["telephony_account_connection"] == single["telephony_account_connection"]["id"]
    assert row["end_time"] - row["start_time"] == 60
    for name in ("start_time", "end_time"):
        assert datetime.fromisoformat(single[name]).timestamp() == row[name]


def test_the_single_call_holds_secrets_and_the_list_does_not(vocode: Open) -> None:
    site = vocode()
    call_id = site.create(0)["id"]

    single = site.http.get("/calls", params={"id": call_id}).text
    listed = site.http.get("/calls/list").text

    assert all(canary in single for canary in CANARIES)
    assert not any(canary in listed for canary in CANARIES)


def test_the_list_may_hold_the_carriers_secrets_too(vocode: Open) -> None:
    site = vocode(connection_in_list="object")
    site.create(0)

    assert "twilio-token-canary" in site.http.get("/calls/list").text


def test_late_fields_come_one_by_one(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    site.create(8, run_do_not_call_detection=True)
    clock.advance(71)
    seen: list[tuple[bool, bool, bool]] = []

    for seconds in (0, 2, 6, 7):
        clock.advance(seconds)
        row = site.page()["items"][0]
        late = (row["transcript"], row["do_not_call_result"], row["recording_available"])
        seen.append((bool(late[0]), bool(late[1]), bool(late[2])))

    assert seen == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]
    assert site.page()["items"][0]["transcript"].startswith("HUMAN: ")


def test_nothing_is_said_about_do_not_call_unless_asked(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    site.create(8)
    site.create(0, run_do_not_call_detection=True)
    clock.advance(200)

    assert [row["do_not_call_result"] for row in site.page()["items"]] == [None, False]


def test_a_confidential_call_leaves_no_trace(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    call_id = site.create(0, hipaa_compliant=True)["id"]
    clock.advance(200)

    row = site.read(call_id)

    assert (row["transcript"], row["recording_available"]) == (None, False)
    assert site.http.get("/calls/recording", params={"id": call_id}).status_code == 404


def test_a_recording_is_audio_once_it_is_available(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    call_id = site.create(0)["id"]
    clock.advance(80)
    early = site.http.get("/calls/recording", params={"id": call_id})

    clock.advance(10)
    audio = site.http.get("/calls/recording", params={"id": call_id})

    assert early.status_code == 404
    assert audio.headers["content-type"] == "audio/mpeg"
    assert len(audio.content) > 1000


@pytest.mark.parametrize(
    "change, place",
    [
        ({"from_number": None}, ["body", "from_number"]),
        ({"to_number": 1}, ["body", "to_number"]),
        ({"agent": "nobody"}, ["body", "agent", "uuid"]),
        ({"agent": {"name": "no prompt"}}, ["body", "agent", "uuid"]),
        ({"on_no_human_answer": "wait"}, ["body", "on_no_human_answer"]),
        ({"context": {"age": 7}}, ["body", "context", "age"]),
        ({"hipaa_compliant": "no"}, ["body", "hipaa_compliant"]),
        ({"telephony_params": {"Timeout": 30}}, ["body", "telephony_params", "Timeout"]),
    ],
)
def test_an_invalid_call_is_refused_in_fastapis_shape_and_rings_nobody(
    vocode: Open, change: dict[str, Any], place: list[str]
) -> None:
    site = vocode()

    answer = site.http.post(CREATE, json=call(0, **change))

    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == place
    assert {"msg", "type"} <= problem.keys()
    assert site.page()["total"] == 0


def test_missing_fields_are_named(vocode: Open) -> None:
    answer = vocode().http.post(CREATE, json={"to_number": "13125550100"})

    assert [(problem["loc"], problem["type"]) for problem in answer.json()["detail"]] == [
        (["body", "from_number"], "missing"),
        (["body", "agent"], "missing"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_body_that_is_no_object_is_refused(vocode: Open, body: bytes) -> None:
    assert vocode().http.post(CREATE, content=body).status_code == 422


def test_a_number_that_cannot_be_dialled_is_refused_in_words(vocode: Open) -> None:
    answer = vocode().http.post(CREATE, json=call(0, to_number="12"))

    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def test_an_account_may_lack_the_agent_the_number_or_outbound_calls(vocode: Open) -> None:
    lacking = vocode(missing=[AGENT]).http
    numberless = vocode(missing=["13125550100"]).http
    inbound_only = vocode(outbound=False).http

    assert lacking.post(CREATE, json=call(0)).json() == {"detail": "Agent not found"}
    assert lacking.get("/agents", params={"id": AGENT}).status_code == 404
    assert numberless.post(CREATE, json=call(0)).status_code == 404
    assert numberless.get("/numbers", params={"phone_number": "+13125550100"}).status_code == 404
    assert inbound_only.post(CREATE, json=call(0)).status_code == 403


def test_numbers_are_stored_without_plus_and_rung_with_it(
    vocode: Open, clock: VirtualClock
) -> None:
    bare, plus = vocode(), vocode(plus=True)

    assert bare.create(0, to_number="+13125550100")["to_number"] == "13125550100"
    assert plus.create(0)["to_number"] == "+13125550100"
    clock.advance(5)
    assert bare.town.ledger("vocode")["rings"][0]["number"] == "+13125550100"


def test_an_agent_may_be_made_for_one_call(vocode: Open) -> None:
    row = vocode().create(0, agent={"prompt": {"content": "Be brief."}, "name": "Ada"})

    assert row["agent"]["id"] != AGENT


def test_pages_join_without_gap_or_repeat(vocode: Open) -> None:
    site = vocode()
    for ending in range(7):
        site.create(ending)

    pages = [site.page(page=number, size=3) for number in (1, 2, 3, 4)]

    assert [row["to_number"][-1] for page in pages for row in page["items"]] == list("0123456")
    assert [page["has_more"] for page in pages] == [True, True, False, False]
    assert [(page["page"], page["size"], page["total"]) for page in pages] == [
        (number, 3, 7) for number in (1, 2, 3, 4)
    ]
    assert not any(page["total_is_estimated"] for page in pages)


def test_the_default_page_has_ten_rows(vocode: Open) -> None:
    site = vocode(order="newest")
    for ending in range(12):
        site.create(ending)

    page = site.page()

    assert (len(page["items"]), page["has_more"]) == (10, True)
    assert page["items"][0]["to_number"] == "13125550111"


def test_a_total_may_be_a_guess(vocode: Open) -> None:
    site = vocode(estimated_total=True)
    site.create(0)

    page = site.page()

    assert (page["total"], page["total_is_estimated"], page["has_more"]) == (100, True, False)


def test_calls_without_start_time_are_sorted_first_or_last_whatever_the_direction(
    vocode: Open, clock: VirtualClock
) -> None:
    for null_start, descending, ascending in (
        ("first", ["3", "2", "1"], ["3", "1", "2"]),
        ("last", ["2", "1", "3"], ["1", "2", "3"]),
    ):
        site = vocode(null_start=null_start)
        for ending in (1, 2):
            site.create(ending)
            clock.advance(5)
        site.create(3)

        assert site.endings(sort_column="start_time", sort_desc="true") == descending
        assert site.endings(sort_column="start_time") == ascending


def test_sorting_may_be_refused(vocode: Open) -> None:
    answer = vocode(sort=False).http.get("/calls/list", params={"sort_column": "start_time"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "sort_column"]


def test_a_page_that_is_too_long_is_refused_or_cut(vocode: Open) -> None:
    strict, lenient = vocode(max_size=2), vocode(max_size=2, over_size="clamp")
    for ending in range(3):
        lenient.create(ending)

    assert strict.http.get("/calls/list", params={"size": 3}).status_code == 422
    assert (lenient.page(size=3)["size"], lenient.endings(size=3)) == (2, ["0", "1"])


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"size": 0}, {"size": "ten"}, {"sort_column": "mood"}]
)
def test_an_invalid_query_is_refused(vocode: Open, query: dict[str, Any]) -> None:
    answer = vocode().http.get("/calls/list", params=query)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", *query]


def test_rows_may_lack_their_context_which_the_single_call_has(vocode: Open) -> None:
    site = vocode(context_in_list=False)
    call_id = site.create(0)["id"]

    assert site.page()["items"][0]["context"] is None
    assert site.read(call_id)["context"]["outdial_key"] == "key-0"


def test_vonage_tells_nothing_of_how_a_call_went(vocode: Open, clock: VirtualClock) -> None:
    site = vocode(telephony="vonage")
    site.create(3)
    clock.advance(10)

    row = site.page()["items"][0]

    assert row["telephony_metadata"] == {"type": "telephony_metadata_vonage"}
    assert row["stage_outcome"] == "call_did_not_connect"


def test_end_hangs_up_takes_back_and_leaves_alone_what_is_over(
    vocode: Open, clock: VirtualClock
) -> None:
    site = vocode()
    talking = site.create(0)["id"]
    clock.advance(20)
    ringing = site.create(1)["id"]
    clock.advance(5)
    waiting = site.create(2)["id"]

    for call_id in (talking, ringing, waiting, talking):
        assert site.http.post("/calls/end", params={"id": call_id}).status_code == 200
    clock.advance(100)

    rows = site.page()["items"]
    assert [words(row) for row in rows] == [
        ("ended", "picked_up", "bot_disconnected"),
        ("ended", "created", "human_unanswered"),
        ("ended", "created", "human_unanswered"),
    ]
    assert rows[0]["end_time"] - rows[0]["start_time"] == 14
    assert rows[1]["telephony_metadata"]["call_status"] == "canceled"
    assert rows[2]["start_time"] is None
    assert len(site.town.ledger("vocode")["rings"]) == 2


def test_an_unknown_id_is_not_found_and_a_malformed_one_is_invalid(vocode: Open) -> None:
    http = vocode().http

    unknown = http.get("/calls", params={"id": AGENT})
    malformed = http.get("/calls", params={"id": "7"})

    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Call not found"})
    assert malformed.json()["detail"][0]["loc"] == ["query", "id"]
    assert http.post("/calls/end", params={"id": AGENT}).status_code == 404
    assert http.post("/calls/end").status_code == 422


def test_a_key_is_a_bearer_and_each_is_an_account_of_its_own(clock: VirtualClock) -> None:
    town = found_town(clock, api_keys=("one", "two"))
    one, two = (Site(town, town.client("vocode", key)) for key in ("one", "two"))

    call_id = one.create(0)["id"]

    assert two.page()["total"] == 0
    assert two.http.get("/calls", params={"id": call_id}).status_code == 404
    stranger = town.client("vocode", "three").get("/usage")
    assert (stranger.status_code, stranger.json().keys()) == (401, {"detail"})


def test_usage_numbers_and_agents_prove_an_account(vocode: Open, clock: VirtualClock) -> None:
    site = vocode(minutes_limit=3000)
    for ending in (20, 21):
        site.create(ending)
    clock.advance(200)

    usage = site.http.get("/usage").json()
    number = site.http.get("/numbers", params={"phone_number": "13125550100"}).json()
    numbers = site.http.get("/numbers/list", params={"size": 1}).json()
    agent = site.http.get("/agents", params={"id": AGENT}).json()
    agents = site.http.get("/agents/list").json()

    assert usage["monthly_usage_minutes"] == 2
    assert usage["monthly_usage_limit_minutes"] == 3000
    assert (number["number"], number["active"]) == ("13125550100", True)
    assert [row["number"] for row in numbers["items"]] == ["13125550100"]
    assert agent["id"] == AGENT
    assert agents["total"] == 1


def test_fluents_answers_201_and_has_other_errors(vocode: Open) -> None:
    site = vocode(variant="fluents")

    created = site.http.post(CREATE, json=call(0))
    invalid = site.http.post(CREATE, json={}).json()
    unsorted = site.http.get("/calls/list", params={"size": 101})

    assert created.status_code == 201
    assert {"is_outgoing", "errors", "action_history"} <= created.json().keys()
    assert (invalid["statusCode"], invalid["error"]) == (400, "Bad Request")
    assert unsorted.status_code == 400
    assert site.http.get("/usage").status_code == 404


def test_the_ledger_knows_key_and_tag_of_every_ring(vocode: Open, clock: VirtualClock) -> None:
    site = vocode()
    created = [site.create(ending)["id"] for ending in (0, 3)]
    clock.advance(200)

    ledger = site.town.ledger("vocode")

    assert [(ring["key"], ring["tag"], ring["outcome"]) for ring in ledger["rings"]] == [
        ("key-0", "tag", "answered"),
        ("key-3", "tag", "busy"),
    ]
    assert [ring["provider_call_id"] for ring in ledger["rings"]] == created
    assert [(post["route"], post["dials"]) for post in ledger["requests"]] == [("submit", True)] * 2


def test_new_calls_may_be_hidden_from_the_list(clock: VirtualClock) -> None:
    lag = {"routes": ["page"], "fault": {"kind": "listing_lag", "seconds": 30}}
    town = found_town(clock, faults={"rules": [lag]})
    site = Site(town, town.client("vocode"))
    call_id = site.create(0)["id"]

    clock.advance(29)
    hidden = site.page()["total"]
    clock.advance(1)

    assert hidden == 0
    assert [row["id"] for row in site.page()["items"]] == [call_id]
