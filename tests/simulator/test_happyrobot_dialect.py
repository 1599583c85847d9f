from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
import pytest

from simulator.clock import VirtualClock, iso_utc
from tests.simulator.in_process import PEOPLE, Town, found_town

NUMBER_ID, USE_CASE = "65f1c0aa0000000000000001", "65f1c0aa0000000000000010"
BATCHED = "/dial/outbound-batched"


@dataclass(frozen=True)
class Site:
    town: Town
    http: httpx.Client

    def dial(self, *endings: int, **more: Any) -> list[dict[str, Any]]:
        answer = self.http.post(BATCHED, json=[call(ending, **more) for ending in endings])
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def page(self, **query: Any) -> dict[str, Any]:
        answer = self.http.get("/calls", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def statuses(self) -> list[str]:
        return [row["status"] for row in self.page(sort="asc")["calls"]]

    def read(self, call_id: str, what: str = "") -> httpx.Response:
        return self.http.get(f"/calls/{call_id}{what}")


Open: TypeAlias = Callable[..., Site]


@pytest.fixture
def happyrobot(clock: VirtualClock) -> Open:
    def start(**switches: Any) -> Site:
        town = found_town(clock, happyrobot=switches)
        return Site(town, town.client("happyrobot"))

    return start


def call(ending: int, **more: Any) -> dict[str, Any]:
    return {
        "number_id": NUMBER_ID,
        "use_case_id": USE_CASE,
        "phone_number": f"+131255501{ending:02}",
        "metadata": {"outdial_key": f"key-{ending}", "outdial_tag": "tag"},
        **more,
    }


def test_a_dialled_call_is_answered_without_status_and_knows_its_number_only_in_metadata(
    happyrobot: Open,
) -> None:
    row = happyrobot().dial(0, params={"first_name": "Ada"})[0]

    assert row.keys() == {"id", "organization_id", "metadata", "use_case", "params", "created"}
    assert len(row["id"]) == 24
    assert row["metadata"]["to"] == "+13125550100"
    assert row["metadata"]["custom"] == {"outdial_key": "key-0", "outdial_tag": "tag"}
    assert row["params"] == {"first_name": "Ada"}


def test_a_call_goes_from_scheduled_to_its_end(happyrobot: Open, clock: VirtualClock) -> None:
    site = happyrobot(lines=1)
    site.dial(0)
    site.dial(3, scheduled_for=iso_utc(clock.now() + 5))
    seen = [site.statuses()]

    for seconds in (5, 10, 55, 1, 1):
        clock.advance(seconds)
        seen.append(site.statuses())

    assert seen == [
        ["Initiated", "Scheduled"],
        ["Ringing", "Queued"],
        ["In progress", "Queued"],
        ["Completed", "Initiated"],
        ["Completed", "Ringing"],
        ["Completed", "Busy"],
    ]


def test_every_ending_has_its_word(happyrobot: Open, clock: VirtualClock) -> None:
    site = happyrobot(strange_status="Diverted")
    site.dial(*range(10))

    clock.advance(500)

    assert site.statuses() == [
        "Completed",
        "AMD Terminated",
        "No answer",
        "Busy",
        "Failed",
        "Transferred",
        "In progress",
        "Diverted",
        "Completed",
        "Failed",
    ]


def test_a_finished_call_has_duration_and_later_what_was_extracted(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot()
    call_id = site.dial(8)[0]["id"]
    live = site.read(call_id).json()

    clock.advance(70)
    fresh = site.read(call_id).json()
    clock.advance(8)
    settled = site.read(call_id).json()

    assert "duration" not in live
    assert fresh["duration"] == 60
    assert "extraction" not in fresh
    assert settled["extraction"]["do_not_call"] is True
    assert settled["classification"]["tag"] == "Do not call"


def test_a_transfer_may_become_completed_and_has_no_duration_before(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot(transfer_ends_as="Completed")
    call_id = site.dial(5)[0]["id"]

    clock.advance(70)
    transferring = site.read(call_id).json()
    clock.advance(8)
    over = site.read(call_id).json()

    assert (transferring["status"], transferring.get("duration")) == ("Transferred", None)
    assert (over["status"], over["duration"]) == ("Completed", 60)


def test_the_transcript_is_not_there_until_it_is(happyrobot: Open, clock: VirtualClock) -> None:
    site = happyrobot()
    call_id = site.dial(0)[0]["id"]
    clock.advance(71)
    early = site.read(call_id, "/transcript")

    clock.advance(1)
    transcript = site.read(call_id, "/transcript").json()

    assert early.status_code == 404
    assert transcript["call_id"] == call_id
    roles = [message["role"] for message in transcript["messages"]]
    assert roles[0] == "system"
    assert {"assistant", "user"} <= set(roles)
    assert [message["content"] for message in transcript["messages"] if message["discard"]] == [
        "Hmm."
    ]
    assert transcript["start_time"] == transcript["messages"][1]["start"]


def test_a_recording_is_a_link_that_works_without_a_key(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot()
    call_id = site.dial(0)[0]["id"]
    clock.advance(75)
    early = site.read(call_id, "/recording")

    clock.advance(10)
    link = site.read(call_id, "/recording").json()["url"]

    assert early.status_code == 404
    stranger = httpx.Client(transport=site.town.transport)
    audio = stranger.get(link)
    assert audio.headers["content-type"] == "audio/wav"
    assert audio.content.startswith(b"RIFF")
    assert stranger.get(link.replace("signature=", "signature=0")).status_code == 403


def test_secrets_of_the_use_case_stand_in_every_answer(happyrobot: Open) -> None:
    site = happyrobot()

    created = site.http.post(BATCHED, json=[call(0)])
    listed = site.http.get("/calls")

    assert "hook-secret-canary" in created.text
    assert "hook-secret-canary" in listed.text


@pytest.mark.parametrize(
    "change, where",
    [
        ({"number_id": "short"}, "0.number_id"),
        ({"use_case_id": "0" * 25}, "0.use_case_id"),
        ({"agent_id": ""}, "0.agent_id"),
        ({"model_id": "x"}, "0.model_id"),
        ({"phone_number": "0312555"}, "0.phone_number"),
        ({"phone_number": None}, "0.phone_number"),
        ({"language": "tlh-KL"}, "0.language"),
        ({"metadata": "text"}, "0.metadata"),
        ({"scheduled_for": "tomorrow"}, "0.scheduled_for"),
        ({"scheduled_for": "2026-09-21T10:00:00"}, "0.scheduled_for"),
        ({"max_duration_mins": 1.5}, "0.max_duration_mins"),
        ({"max_duration_mins": "10"}, "0.max_duration_mins"),
    ],
)
def test_an_invalid_call_is_refused_by_field_and_rings_nobody(
    happyrobot: Open, change: dict[str, Any], where: str
) -> None:
    site = happyrobot()

    answer = site.http.post(BATCHED, json=[call(0, **change), call(1)])

    assert answer.status_code == 400
    assert answer.json()["error"] == "Bad Request"
    assert answer.json()["message"].startswith(f"{where}: ")
    assert site.page()["count"] == 0


def test_deprecated_fields_are_accepted(happyrobot: Open) -> None:
    site = happyrobot()
    old = call(0, assistant_id="a" * 24, voice_id="v", model="Fast")
    del old["use_case_id"]

    answer = site.http.post(BATCHED, json=[old])

    assert answer.json()[0]["use_case"]["id"] == "a" * 24


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[", b"null"])
def test_a_body_that_is_no_array_of_calls_is_refused(happyrobot: Open, body: bytes) -> None:
    answer = happyrobot().http.post(BATCHED, content=body)

    assert answer.status_code == 400
    assert answer.json().keys() == {"error", "message"}


def test_who_drops_bad_elements_still_wants_an_array(happyrobot: Open) -> None:
    answer = happyrobot(bad_element="drop").http.post(BATCHED, content=b"{}")

    assert answer.status_code == 400


def test_a_bad_element_may_be_dropped_without_a_word(happyrobot: Open) -> None:
    site = happyrobot(bad_element="drop", missing=frozenset({"f" * 24}))
    chunk = [call(0), call(1, number_id="x"), call(2, number_id="f" * 24), call(3)]

    answer = site.http.post(BATCHED, json=chunk)

    numbers = [row["metadata"]["to"] for row in answer.json()]
    assert answer.status_code == 200
    assert numbers == ["+13125550100", "+13125550103"]


def test_a_number_or_use_case_that_is_missing_is_refused(happyrobot: Open) -> None:
    site = happyrobot(missing=frozenset({NUMBER_ID}))

    assert site.http.post(BATCHED, json=[call(0)]).status_code == 400
    assert site.http.post("/dial/outbound", json=call(0)).status_code == 400
    assert site.http.get(f"/numbers/{NUMBER_ID}").status_code == 404
    assert site.page()["count"] == 0


def test_the_answer_may_be_in_another_order_than_the_request(happyrobot: Open) -> None:
    rows = happyrobot(shuffle=True).dial(*range(20))

    numbers = [row["metadata"]["to"] for row in rows]
    assert numbers != sorted(numbers)
    assert len(set(numbers)) == 20


def test_the_echo_of_metadata_may_be_elsewhere_or_nowhere(happyrobot: Open) -> None:
    flat = happyrobot(echo="flat").dial(0)[0]["metadata"]
    gone = happyrobot(echo="none").dial(0)[0]["metadata"]

    assert flat["outdial_key"] == "key-0"
    assert "custom" not in flat
    assert "key-0" not in str(gone)


def test_an_array_may_be_too_long(happyrobot: Open) -> None:
    site = happyrobot(max_elements=2)

    answer = site.http.post(BATCHED, json=[call(0), call(1), call(2)])

    assert answer.status_code == 400
    assert site.page()["count"] == 0


def test_one_call_goes_in_alone_and_comes_back_alone(happyrobot: Open) -> None:
    site = happyrobot()

    row = site.http.post("/dial/outbound", json=call(0)).json()

    assert site.read(row["id"]).json()["metadata"]["custom"]["outdial_key"] == "key-0"


def test_pages_by_offset_join_without_gap_or_repeat(happyrobot: Open, clock: VirtualClock) -> None:
    site = happyrobot()
    for ending in range(7):
        site.dial(ending)
        clock.advance(1)

    pages = [site.page(sort="asc", limit=3, skip=skip) for skip in (0, 3, 6, 9)]

    rows = [row["metadata"]["to"][-1] for page in pages for row in page["calls"]]
    assert rows == list("0123456")
    assert [(page["count"], page["limit"], page["offset"]) for page in pages] == [
        (7, 3, 0),
        (7, 3, 3),
        (7, 3, 6),
        (7, 3, 9),
    ]


def test_the_newest_come_first_unless_asked_otherwise(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot()
    site.dial(0)
    clock.advance(1)
    site.dial(1)

    assert [row["metadata"]["to"][-1] for row in site.page()["calls"]] == ["1", "0"]


def test_filters_narrow_the_list(happyrobot: Open, clock: VirtualClock) -> None:
    site = happyrobot()
    began = clock.now()
    site.dial(0, campaign_id="spring", model_id="m" * 24)
    clock.advance(100)
    site.dial(3, use_case_id="b" * 24)
    clock.advance(100)

    def found(**query: Any) -> list[str]:
        return [row["metadata"]["to"][-1] for row in site.page(sort="asc", **query)["calls"]]

    assert found(type="Outbound") == ["0", "3"]
    assert found(type="Inbound") == []
    assert found(statuses="Busy,No answer") == ["3"]
    assert found(use_cases=f"{USE_CASE},{'c' * 24}") == ["0"]
    assert found(campaigns="spring") == ["0"]
    assert found(models="m" * 24) == ["0"]
    assert found(search="+13125550103") == ["3"]
    assert found(search="sentiment") == ["0"]
    assert found(tags="vip") == found(ratings="5") == []
    assert found(transfer_contact_email="desk@example.com") == []
    assert found(**{"from": iso_utc(began + 50)}) == ["3"]
    assert found(to=iso_utc(began)) == ["0"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "2001"},
        {"limit": "many"},
        {"skip": "-1"},
        {"type": "Both"},
        {"from": "yesterday"},
        {"sort": "up"},
    ],
)
def test_an_invalid_query_is_refused(happyrobot: Open, query: dict[str, str]) -> None:
    assert happyrobot().http.get("/calls", params=query).status_code == 400


def test_a_key_is_a_bearer_and_each_is_an_account_of_its_own(clock: VirtualClock) -> None:
    town = found_town(clock, api_keys=("one", "two"))
    one, two = (Site(town, town.client("happyrobot", key)) for key in ("one", "two"))
    stranger = town.client("happyrobot", "three")

    call_id = one.dial(0)[0]["id"]

    assert two.page()["count"] == 0
    assert two.read(call_id).status_code == 404
    assert stranger.get("/calls").json().keys() == {"error", "message"}
    assert stranger.post(BATCHED, json=[call(0)]).status_code == 401
    bare = {"authorization": "one"}
    assert one.http.get("/calls", headers=bare).status_code == 401


def test_ids_in_paths_have_24_characters(happyrobot: Open) -> None:
    site = happyrobot()

    assert site.read("short").status_code == 400
    assert site.read("f" * 24).status_code == 404
    assert site.http.get("/numbers/short").status_code == 400
    assert site.http.get(f"/numbers/{NUMBER_ID}").json()["number"] == "+13125550100"


def test_cancel_takes_back_what_has_not_rung_and_stop_ends_what_is_live(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot()
    live = site.dial(0)[0]["id"]
    later = site.dial(1, scheduled_for=iso_utc(clock.now() + 60))[0]["id"]
    clock.advance(20)

    refused = [
        site.http.post(f"/calls/{live}/cancel").status_code,
        site.http.post(f"/calls/{later}/stop").status_code,
    ]
    cancelled = site.http.post(f"/calls/{later}/cancel").json()
    stopped = site.http.post(f"/calls/{live}/stop").json()
    clock.advance(100)

    assert refused == [400, 400]
    assert cancelled["status"] == "Canceled"
    assert (stopped["status"], stopped["duration"]) == ("Completed", 10)
    assert site.statuses() == ["Completed", "Canceled"]
    assert len(site.town.stage.world.ledger.rings) == 1


def test_the_longest_duration_ends_a_call(clock: VirtualClock) -> None:
    talkers = PEOPLE.model_copy(update={"talk_seconds": (300, 300)})
    town = found_town(clock, people=talkers)
    site = Site(town, town.client("happyrobot"))
    site.dial(0, max_duration_mins=2)

    clock.advance(400)

    assert [row["duration"] for row in site.page()["calls"]] == [120]
    assert town.ledger("happyrobot")["rings"][0]["ended_by"] == "timeout"


def test_the_ledger_knows_key_tag_and_request_of_every_ring(
    happyrobot: Open, clock: VirtualClock
) -> None:
    site = happyrobot()
    rows = site.dial(0, 3)
    clock.advance(200)

    ledger = site.town.ledger("happyrobot")

    rings = ledger["rings"]
    assert [(ring["key"], ring["tag"], ring["outcome"]) for ring in rings] == [
        ("key-0", "tag", "answered"),
        ("key-3", "tag", "busy"),
    ]
    assert [ring["provider_call_id"] for ring in rings] == [row["id"] for row in rows]
    post = ledger["requests"][0]
    assert (post["route"], post["dials"], post["status"]) == ("submit", True, 200)
    assert {ring["body_sha256"] for ring in rings} == {post["body_sha256"]}


def test_a_redial_by_the_provider_names_its_parent(clock: VirtualClock) -> None:
    town = found_town(clock, faults={"rules": [{"fault": {"kind": "redial"}}]})
    site = Site(town, town.client("happyrobot"))
    call_id = site.dial(2)[0]["id"]

    clock.advance(300)

    first, second = site.page(sort="asc")["calls"]
    assert first["id"] == call_id
    assert second["parent_call_id"] == call_id
