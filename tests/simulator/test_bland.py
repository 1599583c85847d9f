from typing import Any

import httpx
import pytest

from simulator.clock import VirtualClock, iso_utc, parse_moment
from simulator.people import People
from simulator.settings import SimulatorSettings
from tests.simulator.conftest import Client, Simulate

PEOPLE = People(mode="script", ring_seconds=(10, 10), talk_seconds=(60, 60))
UNHURRIED = 100_000


def settings(**bland: Any) -> SimulatorSettings:
    return SimulatorSettings.model_validate({"people": PEOPLE, "bland": bland})


def number(ending: int) -> str:
    return f"+131255501{ending:02}"


def call_object(ending: int, **more: Any) -> dict[str, Any]:
    metadata = {"outdial_key": f"key-{ending}", "outdial_tag": "od1-t"}
    data = {"customer_name": "Dana Roe"}
    return {"phone_number": number(ending), "metadata": metadata, "request_data": data} | more


def body(*endings: int, **defaults: Any) -> dict[str, Any]:
    return {
        "description": "spring od1-t",
        "global": {"task": "Call {{customer_name}}.", "record": True} | defaults,
        "call_objects": [call_object(ending) for ending in endings],
    }


def create(bland: httpx.Client, *endings: int, **defaults: Any) -> str:
    answer = bland.post("/v2/batches/create", json=body(*endings, **defaults))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["batch_id"]


def states(bland: httpx.Client, batch: str) -> list[str]:
    """The life-cycle log as its states, newest first."""
    log = bland.get(f"/v2/batches/{batch}/logs").json()["data"]
    return [entry["payload"].get("state_change", entry["event_type"]) for entry in log]


def calls(bland: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    return bland.get("/v1/calls", params={"ascending": True} | query).json()["calls"]


def details(bland: httpx.Client, **query: Any) -> dict[str, dict[str, Any]]:
    """Every call by the last two digits of its number."""
    found = [bland.get(f"/v1/calls/{row['call_id']}").json() for row in calls(bland, **query)]
    return {call["to"][-2:]: call for call in found}


def error(answer: httpx.Response) -> tuple[int, str, str]:
    [fault] = answer.json()["errors"]
    assert answer.json()["data"] is None
    return answer.status_code, fault["error"], fault["message"]


def test_a_batch_dials_by_itself_after_a_moment_of_validation(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings())
    bland = client(stand, "bland")
    batch = create(bland, 20, 21)

    assert (states(bland, batch), calls(bland)) == (["validating"], [])
    clock.advance(2)
    assert states(bland, batch) == ["in_progress", "dispatching", "validating"]
    assert [call["queue_status"] for call in calls(bland, batch_id=batch)] == ["started"] * 2
    clock.advance(70)
    assert states(bland, batch)[:2] == ["complete", "completed"]
    assert len(stand.ledger()["rings"]) == 2


def test_a_failed_call_makes_a_batch_complete_in_part(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(), "bland")
    batch = create(bland, 20, 4)
    clock.advance(UNHURRIED)

    log = bland.get(f"/v2/batches/{batch}/logs", params={"take": 2}).json()["data"]

    assert [entry["event_type"] for entry in log] == ["complete", "lifecycle"]
    assert log[0]["payload"] == {"calls_total": 2, "calls_failed": 1, "calls_successful": 1}
    assert log[1]["payload"]["state_change"] == "completed_partial"
    assert log[0]["batch_id"] == batch


def test_the_log_is_paged_in_both_directions(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(), "bland")
    batch = create(bland, 20)
    clock.advance(UNHURRIED)
    url = f"/v2/batches/{batch}/logs"

    down = bland.get(url).json()["data"]
    up = bland.get(url, params={"direction": "asc"}).json()["data"]
    middle = bland.get(url, params={"take": 2, "skip": 1}).json()["data"]

    assert down == up[::-1]
    assert middle == down[1:3]


def test_nobody_is_rung_before_the_start_time_of_the_batch_or_of_the_call(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings())
    bland = client(stand, "bland")
    start = clock.now()
    sent = body(20, 21, start_time=iso_utc(start + 600))
    local = iso_utc(start + 1200, digits=0).replace("T", " ").replace("Z", "+00:00")
    sent["call_objects"][1]["start_time"] = local
    batch = bland.post("/v2/batches/create", json=sent).json()["data"]["batch_id"]

    clock.advance(500)
    assert states(bland, batch)[0] == "waiting_for_scheduled_calls"
    clock.advance(UNHURRIED)

    assert [ring["rang_at"] - start for ring in stand.ledger()["rings"]] == [600, 1200]


def test_stopping_a_scheduled_batch_rings_nobody(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings())
    bland = client(stand, "bland")
    batch = create(bland, 20, start_time=iso_utc(clock.now() + 600))

    answer = bland.post(f"/v2/batches/{batch}/stop")
    clock.advance(UNHURRIED)

    assert answer.json() == {"data": None, "errors": None}
    assert stand.ledger()["rings"] == []
    assert calls(bland, batch_id=batch) == []


def test_stopping_a_running_batch_lets_live_calls_end(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings(lines=1, after_stop="stopped", stopped_calls="canceled"))
    bland = client(stand, "bland")
    batch = create(bland, 20, 21)
    clock.advance(15)

    bland.post(f"/v2/batches/{batch}/stop")
    assert states(bland, batch)[0] == "stopped"
    clock.advance(UNHURRIED)

    assert {end: call["status"] for end, call in details(bland).items()} == {
        "20": "completed",
        "21": "canceled",
    }
    assert states(bland, batch)[0] == "complete"
    assert [ring["number"] for ring in stand.ledger()["rings"]] == [number(20)]


@pytest.mark.parametrize("after_stop,last", [("complete", "complete"), ("silent", "in_progress")])
def test_what_the_log_says_after_a_stop_is_a_switch(
    simulate: Simulate, client: Client, clock: VirtualClock, after_stop: str, last: str
) -> None:
    bland = client(simulate(settings(after_stop=after_stop)), "bland")
    batch = create(bland, 20)
    clock.advance(15)

    bland.post(f"/v2/batches/{batch}/stop")
    clock.advance(UNHURRIED)

    assert states(bland, batch)[0] == last


def test_complete_may_be_written_when_the_last_call_is_dialled(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings(complete_at="dispatch")), "bland")
    batch = create(bland, 20)

    clock.advance(2)

    assert states(bland, batch)[0] == "complete"
    assert [call["completed"] for call in calls(bland)] == [False]


@pytest.mark.parametrize(
    "ending,queue_status,status,answered_by,length",
    [
        (0, "complete", "completed", "human", 1.0),
        (1, "complete", "completed", "voicemail", 0.583),
        (2, "complete", "no-answer", "no-answer", 0),
        (3, "complete", "busy", None, 0),
        (4, "call_error", "failed", None, 0),
        (5, "complete", "completed", "human", 1.0),
        (7, "complete", "completed", "fax", 0),
        (9, "queue_error", "failed", None, 0),
        (13, "complete", "completed", "unknown", 0.583),
    ],
)
def test_an_outcome_is_told_in_blands_words(
    simulate: Simulate,
    client: Client,
    clock: VirtualClock,
    ending: int,
    queue_status: str,
    status: str,
    answered_by: str | None,
    length: float,
) -> None:
    bland = client(simulate(settings()), "bland")
    create(bland, ending)
    clock.advance(UNHURRIED)

    [call] = details(bland).values()

    told = (call["queue_status"], call["status"], call["answered_by"], call["call_length"])
    assert told == (queue_status, status, answered_by, length)
    assert bool(call["error_message"]) is (status == "failed")


def test_a_call_adds_up_and_echoes_what_was_sent(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings())
    bland = client(stand, "bland")
    batch = create(bland, 20, max_duration=6)
    clock.advance(UNHURRIED)

    [call] = details(bland).values()
    [ring] = stand.ledger()["rings"]

    assert call["call_id"] == call["c_id"] == ring["provider_call_id"]
    assert call["metadata"] == call_object(20)["metadata"]
    assert call["request_data"] == {"customer_name": "Dana Roe"}
    assert (call["corrected_duration"], ring["duration_seconds"]) == ("60", 60)
    assert call["price"] == pytest.approx(0.14)
    deadline = parse_moment(call["end_at"]) - parse_moment(call["started_at"])
    assert (deadline, call["max_duration"]) == (360, 6)
    assert (ring["key"], ring["tag"], ring["provider_batch_id"]) == ("key-20", "od1-t", batch)


def test_an_unanswered_attempt_costs_the_minimum(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(), "bland")
    create(bland, 2)
    clock.advance(UNHURRIED)

    assert details(bland)["02"]["price"] == 0.015


def test_a_transfer_has_a_number_a_moment_and_two_durations(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    create(bland, 5)
    clock.advance(UNHURRIED)

    call = details(bland)["05"]

    assert call["transferred_to"].startswith("+1312555")
    assert call["pre_transfer_duration"] + call["post_transfer_duration"] == call["call_length"]


def test_who_answered_is_told_later_than_the_end(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings(answered_by_seconds=20)), "bland")
    create(bland, 20)
    clock.advance(2 + 70)
    [ended] = calls(bland)
    clock.advance(20)
    [told] = calls(bland)

    assert (ended["completed"], ended["answered_by"]) == (True, None)
    assert told["answered_by"] == "human"


def test_the_call_list_is_a_window_over_numbered_rows(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    batch = create(bland, *range(20, 30))
    clock.advance(UNHURRIED)

    def page(**query: Any) -> tuple[int, int, list[str]]:
        answer = bland.get("/v1/calls", params={"batch_id": batch} | query).json()
        rows = [call["to"][-2:] for call in answer["calls"]]
        return answer["total_count"], answer["count"], rows

    assert page(ascending=True, limit=3) == (10, 3, ["20", "21", "22"])
    assert page(limit=3) == (10, 3, ["29", "28", "27"])
    assert page(**{"ascending": True, "from": 3, "to": 5, "limit": 100}) == (10, 2, ["23", "24"])
    assert page(**{"from": 10, "to": 20}) == (10, 0, [])
    assert page(batch_id="other") == (0, 0, [])


def test_the_batch_of_another_provider_is_no_batch(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    agent = "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"
    job = {"name": "x", "callAgentId": agent, "maxConcurrentDials": 1}
    rows = [{"toNumber": number(20)}]
    vogent, bland = client(stand, "vogent"), client(stand, "bland")
    job_id = vogent.post("/batch_dial_jobs", json=job | {"rows": rows}).json()["id"]
    vogent.post(f"/batch_dial_jobs/{job_id}/paused", json={"paused": False})

    assert calls(bland, batch_id=job_id) == []


def test_calls_are_found_by_number_day_state_and_length(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    create(bland, 0, 2, 6)
    clock.advance(UNHURRIED)

    def endings(**query: Any) -> list[str]:
        return [call["to"][-2:] for call in calls(bland, **query)]

    assert endings(to_number=number(2)) == ["02"]
    assert endings(completed=False) == ["06"]
    assert endings(answered_by="no-answer") == ["02"]
    assert endings(duration_gt=0.5) == ["00"]
    assert endings(inbound=True) == []
    assert endings(start_date="2026-09-21", end_date="2026-09-21") == ["00", "02", "06"]
    assert endings(start_date="2026-09-22") == []
    assert endings(created_at="2026-09-21", from_date="ignored") == ["00", "02", "06"]


def test_list_rows_hold_the_documented_fields_or_nearly_all(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    found: list[dict[str, Any]] = []
    for fields in ("documented", "full"):
        bland = client(simulate(settings(list_fields=fields)), "bland")
        create(bland, 20)
        clock.advance(UNHURRIED)
        found += calls(bland)

    assert "metadata" not in found[0]
    assert found[1]["metadata"]["outdial_key"] == "key-20"
    assert not any("transcripts" in row for row in found)


def test_scheduled_calls_may_be_listed_before_they_start(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings(list_scheduled=True)), "bland")
    create(bland, 20, start_time=iso_utc(clock.now() + 600))

    [call] = details(bland).values()

    assert (call["queue_status"], call["completed"]) == ("new", False)
    assert call["metadata"]["outdial_key"] == "key-20"


def test_a_number_that_stands_twice_is_called_once(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    bland = client(stand, "bland")
    create(bland, 20, 21, 20)
    clock.advance(UNHURRIED)

    assert len(stand.ledger()["rings"]) == len(calls(bland)) == 2


def test_batches_are_listed_newest_first_without_status(simulate: Simulate, client: Client) -> None:
    bland = client(simulate(), "bland")
    batches = [create(bland, *range(20, 26)) for _ in range(3)]

    listed = bland.get("/v2/batches/list", params={"take": 2, "skip": 1}).json()
    one = bland.get(f"/v2/batches/{batches[0]}").json()

    assert [batch["id"] for batch in listed["data"]] == [batches[1], batches[0]]
    assert one == {"data": listed["data"][1], "errors": None}
    assert set(one["data"]) == {
        "id",
        "user_id",
        "base_prompt",
        "created_at",
        "call_objects",
        "description",
    }
    assert one["data"]["description"] == "spring od1-t"
    assert len(one["data"]["call_objects"]) == 3
    assert one["data"]["base_prompt"] == '{"task":"Call {{customer_name}}.","record":true}'


def test_a_waiting_call_is_taken_back_and_a_live_one_is_ended(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(settings(lines=1, stopped_calls="canceled"))
    bland = client(stand, "bland")
    create(bland, 20, 21)
    clock.advance(2 + 10 + 30)
    live, waiting = calls(bland)

    active = bland.get("/v1/calls/active").json()["data"]
    first = bland.post(f"/v1/calls/{waiting['call_id']}/stop").json()
    second = bland.post(f"/v1/calls/{live['call_id']}/stop").json()
    third = bland.post(f"/v1/calls/{live['call_id']}/stop")

    assert [call["status"] for call in active] == ["IN_PROGRESS", "QUEUED"]
    assert first["status"] == second["status"] == "success"
    assert (third.status_code, third.json()["status"]) == (400, "error")
    found = details(bland)
    assert (found["20"]["corrected_duration"], found["21"]["status"]) == ("30", "canceled")


def test_everything_that_is_live_can_be_ended(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    create(bland, 20, 21)
    clock.advance(30)

    assert bland.post("/v1/calls/active/stop").json()["num_calls"] == 2
    assert bland.get("/v1/calls/active").json() == {"data": [], "errors": None}


def test_a_recording_is_there_if_it_was_wanted_and_when_it_is_ready(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    wanted, unwanted = create(bland, 20), create(bland, 21, record=False)
    clock.advance(2 + 70)
    [early] = details(bland, batch_id=wanted).values()
    clock.advance(15)
    [ready] = details(bland, batch_id=wanted).values()
    [never] = details(bland, batch_id=unwanted).values()
    mp3 = bland.get(ready["recording_url"], headers={"content-type": "audio/mpeg"})

    assert (early["recording_url"], never["recording_url"]) == (None, None)
    assert bland.get(ready["recording_url"]).headers["content-type"] == "audio/wav"
    assert mp3.headers["content-type"] == "audio/mpeg"
    missing = bland.get(f"/v1/recordings/{never['call_id']}")
    assert error(missing)[:2] == (404, "CALL_RECORDING_NOT_FOUND")
    assert bland.get(f"/v1/calls/{ready['call_id']}/recording").json()["status"] == "success"
    assert bland.get(f"/v1/calls/{ready['call_id']}/correct").json()["corrected"]


def test_the_account_tells_what_is_left(simulate: Simulate, client: Client) -> None:
    bland = client(simulate(settings(balance_usd=-1)), "bland")

    assert bland.get("/v1/me").json() == {
        "status": "active",
        "billing": {"current_balance": -1.0, "refill_to": None},
        "total_calls": 0,
    }
    assert error(bland.post("/v2/batches/create", json=body(20)))[0] == 402


def test_the_key_must_come_raw(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    bland = client(stand, "bland", key="Bearer test-key")

    assert error(bland.get("/v1/me"))[:2] == (401, "AUTH_FAILURE")
    lenient = client(simulate(settings(accept_bearer=True)), "bland", key="Bearer test-key")
    assert lenient.get("/v1/me").status_code == 200


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"call_objects": []}, "call_objects: List should have at least 1 item"),
    ({"global": {"record": True}}, "global: Value error, task or pathway_id is required"),
    ({"global": {"task": "x", "phone_number": "y"}}, "belongs into call_objects"),
    ({"call_objects": [{"phone_number": "3125550120"}]}, "call_objects.0: phone_number must be"),
    ({"call_objects": [{"task": "x"}]}, "call_objects.0.phone_number: Field required"),
    ({"description": "x" * 61}, "description: String should have at most 60 characters"),
    ({"global": {"task": "x", "start_time": "soon"}}, "global.start_time: Value error"),
    ({"global": {"task": "x", "voicemail": {"action": "shout"}}}, "global.voicemail.action"),
    ({"global": {"task": "x", "max_duration": "6"}}, "global.max_duration"),
]


@pytest.mark.parametrize("change,said", WRONG)
def test_a_wrong_batch_is_refused_with_its_place_and_without_its_values(
    simulate: Simulate, client: Client, change: dict[str, Any], said: str
) -> None:
    stand = simulate()

    answer = client(stand, "bland").post("/v2/batches/create", json=body(20) | change)

    status, code, message = error(answer)
    assert (status, code) == (400, "VALIDATION_ERROR")
    assert said in message
    assert "5550120" not in answer.text
    assert stand.ledger()["requests"][-1]["applied_at"] is None


def test_errors_may_come_with_status_200(simulate: Simulate, client: Client) -> None:
    bland = client(simulate(settings(errors_status=200)), "bland")

    assert error(bland.post("/v2/batches/create", json={}))[0] == 200


def test_bad_rows_may_be_skipped(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    bland = client(simulate(settings(bad_rows="skip")), "bland")
    sent = body(20, 21)
    sent["call_objects"][0]["phone_number"] = "nonsense"
    bland.post("/v2/batches/create", json=sent)
    clock.advance(UNHURRIED)

    assert [call["to"] for call in calls(bland)] == [number(21)]


def test_a_start_time_may_have_to_be_five_minutes_ahead(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings(min_start_seconds=300)), "bland")

    near, far = iso_utc(clock.now() + 299), iso_utc(clock.now() + 301)

    assert error(bland.post("/v2/batches/create", json=body(20, start_time=near)))[0] == 400
    assert create(bland, 20, start_time=far)


@pytest.mark.parametrize("path", ["/v2/batches/{}", "/v2/batches/{}/logs"])
def test_an_unknown_batch_is_not_found(simulate: Simulate, client: Client, path: str) -> None:
    unknown = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
    bland = client(simulate(), "bland")

    assert error(bland.get(path.format(unknown)))[:2] == (404, "BATCH_NOT_FOUND")
    assert bland.get(f"/v1/calls/{unknown}").json()["status"] == "error"


# The legacy generation.


def legacy(bland: httpx.Client, *endings: int, **more: Any) -> str:
    rows = [call_object(ending) for ending in endings]
    sent = {"base_prompt": "Call {{customer_name}}.", "call_data": rows, "label": "spring"}
    answer = bland.post("/v1/batches", json=sent | more)
    assert answer.json()["message"] == "success", answer.text
    return answer.json()["batch_id"]


def test_a_legacy_batch_is_read_with_status_analysis_and_calls(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    batch = legacy(bland, 0, 2, 4, answered_by_enabled=True, campaign_id="c1")
    clock.advance(20)
    running = bland.get(f"/v1/batches/{batch}").json()
    clock.advance(UNHURRIED)
    done = bland.get(f"/v1/batches/{batch}").json()

    assert (running["status"], done["status"]) == ("in-progress", "completed")
    assert running["analysis"]["in_progress_calls"] == 2
    assert done["batch_params"]["id"] == batch
    assert done["batch_params"]["label"] == "spring"
    analysis = done["analysis"]
    assert (analysis["total_calls"], analysis["completed_calls"]) == (3, 3)
    assert analysis["queue_statuses"] == {"complete": 2, "call_error": 1}
    assert analysis["call_lengths"]["all"] == [1.0, 0.0, 0.0]
    assert (analysis["call_lengths"]["average"], analysis["call_lengths"]["average_nonzero"]) == (
        0.333,
        1.0,
    )
    assert [error["call_id"] for error in analysis["error_messages"]] == [analysis["call_ids"][2]]
    assert [call["answered_by"] for call in done["call_data"]] == ["human", "no-answer", None]


def test_a_legacy_batch_can_be_read_in_part(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings()), "bland")
    url = f"/v1/batches/{legacy(bland, 0)}"
    clock.advance(UNHURRIED)

    whole = bland.get(url).json()
    silent = bland.get(url, params={"include_transcripts": "false"}).json()
    bare = bland.get(url, params={"include_analysis": "false"}).json()
    brief = bland.get(url, params={"include_calls": "false"}).json()

    assert set(whole) == {"status", "batch_params", "analysis", "call_data"}
    assert whole["call_data"][0]["transcripts"]
    assert not {"transcripts", "concatenated_transcript"} & set(silent["call_data"][0])
    assert set(bare) == {"status", "batch_params", "call_data"}
    assert set(brief) == {"status", "batch_params"}


def test_a_legacy_batch_that_did_not_ask_is_not_told_who_answered(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(), "bland")
    batch = legacy(bland, 0)
    clock.advance(UNHURRIED)

    assert bland.get(f"/v1/batches/{batch}").json()["call_data"][0]["answered_by"] is None


def test_a_legacy_batch_in_test_mode_calls_the_first_only(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    legacy(client(stand, "bland"), 20, 21, test_mode=True)
    clock.advance(UNHURRIED)

    assert [ring["number"] for ring in stand.ledger()["rings"]] == [number(20)]


def test_legacy_batches_are_listed_stopped_and_analyzed(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    bland = client(simulate(settings(lines=1)), "bland")
    first, second = legacy(bland, 0, campaign_id="c1"), legacy(bland, 20, 21)

    def listed(**query: Any) -> list[str]:
        answer = bland.get("/v1/batches", params=query).json()
        return [batch["batch_id"] for batch in answer["batches"]]

    assert listed() == [second, first]
    assert listed(ascending=True, limit=1) == [first]
    assert listed(campaign_id="c1") == [first]
    stopped = bland.post(f"/v1/batches/{second}/stop").json()
    clock.advance(UNHURRIED)
    questions = {"goal": "know", "questions": [["Interested?", "boolean"]]}
    answers = bland.post(f"/v1/batches/{first}/analyze", json=questions).json()["answers"]

    assert (stopped["status"], stopped["num_calls"]) == ("success", 2)
    assert [type(answer) for answer in next(iter(answers.values()))] == [bool]


def test_a_wrong_legacy_batch_is_refused_in_the_flat_shape(
    simulate: Simulate, client: Client
) -> None:
    bland = client(simulate(), "bland")

    missing = bland.post("/v1/batches", json={"call_data": []})
    bad = bland.post("/v1/batches", json={"base_prompt": "x", "call_data": [{"phone_number": "1"}]})

    assert (missing.status_code, bad.status_code) == (400, 400)
    assert missing.json()["status"] == "error"
    assert "base_prompt: Field required" in missing.json()["errors"]
    assert bad.json()["errors"] == ["call_data.0.phone_number"]


def test_the_legacy_generation_can_be_switched_off(simulate: Simulate, client: Client) -> None:
    bland = client(simulate(settings(v1=False)), "bland")

    assert bland.get("/v1/batches").status_code == 404
    assert bland.get("/v1/calls").status_code == 200
