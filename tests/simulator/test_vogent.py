from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from simulator.clock import VirtualClock, iso_utc, parse_moment
from simulator.dialects.vogent.bodies import Schedule
from simulator.dialects.vogent.schedule import window
from simulator.people import People
from simulator.settings import SimulatorSettings
from tests.simulator.conftest import Client, Simulate

AGENT = "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"
NUMBER = "9a4be2b7-0f0c-4ef4-8a51-2c1d7f2f6d20"
NOBODY = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
JOBS = "/batch_dial_jobs"
SCHEMAS = Path(__file__).parent / "schemas" / "vogent-dials.yaml"
PEOPLE = People(mode="script", ring_seconds=(10, 10), talk_seconds=(60, 60))


def body(*endings: int, **more: Any) -> dict[str, Any]:
    rows = [
        {
            "toNumber": f"+131255501{ending:02}",
            "inputs": {"name": "Dana Roe", "outdial_key": f"key-{ending}", "outdial_tag": "od1-t"},
        }
        for ending in endings
    ]
    job = {"name": "spring", "callAgentId": AGENT, "maxConcurrentDials": 50, "rows": rows}
    return job | more


def create(vogent: httpx.Client, *endings: int, **more: Any) -> str:
    answer = vogent.post(JOBS, json=body(*endings, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def pause(vogent: httpx.Client, job: str, *, paused: bool) -> httpx.Response:
    return vogent.post(f"{JOBS}/{job}/paused", json={"paused": paused})


def start(vogent: httpx.Client, *endings: int, **more: Any) -> str:
    job = create(vogent, *endings, **more)
    assert pause(vogent, job, paused=False).json()["status"] == "ACTIVE"
    return job


def status(vogent: httpx.Client, job: str) -> str:
    return vogent.get(f"{JOBS}/{job}").json()["status"]


def listed(vogent: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every row of a list, page after page."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = vogent.get(path, params=query | ({"cursor": cursor} if cursor else {})).json()
        rows += page["data"]
        cursor = page["cursor"]
    return rows


def dials(vogent: httpx.Client, job: str, **query: Any) -> list[dict[str, Any]]:
    return listed(vogent, f"{JOBS}/{job}/dials", **query)


def json_schema(node: Any) -> Any:
    """The OpenAPI 3.0 `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [json_schema(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    schema = {name: json_schema(value) for name, value in cast("dict[str, Any]", node).items()}
    nullable = schema.pop("nullable", False)
    return {"anyOf": [schema, {"type": "null"}]} if nullable is True else schema


@pytest.fixture(scope="session")
def valid_page() -> Callable[[Any], None]:
    document = json_schema(yaml.safe_load(SCHEMAS.read_text()))
    result = {"$ref": "#/components/schemas/ListBatchDialJobDialsResult"}
    validator = Draft202012Validator(document | result, format_checker=FormatChecker())
    return validator.validate  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def test_a_created_job_rings_nobody_until_it_is_started(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    job = create(vogent, 20, 21)

    clock.advance(1_000_000)

    assert status(vogent, job) == "INIT"
    assert stand.ledger()["rings"] == []
    assert len(listed(vogent, f"{JOBS}/{job}/queue")) == 2


def test_a_job_lives_from_init_to_complete(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    vogent = client(simulate(SimulatorSettings(people=PEOPLE)), "vogent")
    job = start(vogent, 20, 21, 22, maxConcurrentDials=1)

    seen = [(status(vogent, job), len(listed(vogent, f"{JOBS}/{job}/queue")), 0)]
    for _ in range(3):
        clock.advance(70)
        queued = len(listed(vogent, f"{JOBS}/{job}/queue"))
        seen.append((status(vogent, job), queued, len(dials(vogent, job))))

    # Rows in progress stand in neither list.
    assert seen == [("ACTIVE", 2, 0), ("ACTIVE", 1, 1), ("ACTIVE", 0, 2), ("COMPLETE", 0, 3)]


def test_pausing_lets_live_calls_end_and_starts_no_other(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE))
    vogent = client(stand, "vogent")
    job = start(vogent, 20, 21, maxConcurrentDials=1)
    clock.advance(5)

    assert pause(vogent, job, paused=True).json()["status"] == "PAUSED"
    clock.advance(10_000)
    assert (status(vogent, job), len(dials(vogent, job))) == ("PAUSED", 1)
    pause(vogent, job, paused=False)
    clock.advance(70)

    assert (status(vogent, job), len(stand.ledger()["rings"])) == ("COMPLETE", 2)


def test_starting_twice_rings_nobody_twice(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    job = start(vogent, 20, 21)

    assert pause(vogent, job, paused=False).status_code == 200
    clock.advance(1000)

    assert [ring["nth"] for ring in stand.ledger()["rings"]] == [1, 1]


def test_a_job_that_is_over_can_be_neither_paused_nor_resumed(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    vogent = client(simulate(), "vogent")
    job = start(vogent, 20)
    clock.advance(1000)

    assert pause(vogent, job, paused=False).status_code == 400


def test_only_a_hand_at_the_dashboard_can_cancel(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE))
    vogent = client(stand, "vogent")
    job = start(vogent, 20, 21, maxConcurrentDials=1)

    assert vogent.delete(f"{JOBS}/{job}").status_code == 405
    assert vogent.post(f"/__dashboard{JOBS}/{job}/cancel").json()["status"] == "CANCELLED"
    clock.advance(1000)

    assert len(dials(vogent, job)) == len(stand.ledger()["rings"]) == 1
    assert listed(vogent, f"{JOBS}/{job}/queue") == []


def test_every_reply_about_dials_keeps_to_the_vendors_schema(
    simulate: Simulate,
    client: Client,
    clock: VirtualClock,
    valid_page: Callable[[Any], None],
) -> None:
    vogent = client(simulate(), "vogent")
    endings = [ending for ending in range(14) if ending not in {6, 7}]
    job = start(vogent, *endings)

    for seconds in (0, 30, 10, 60, 1000):
        clock.advance(seconds)
        page = vogent.get(f"{JOBS}/{job}/dials").json()
        valid_page(page)
        for dial in page["data"]:
            one = vogent.get(f"/dials/{dial['id']}").json()
            assert one == dial
            valid_page({"data": [one], "cursor": None})

    assert len(dials(vogent, job)) == len(endings)


@pytest.mark.parametrize(
    "ending,word,result",
    [
        (1, "completed", "VOICEMAIL_DETECTED_HANGUP"),
        (2, "no-answer", "NO_ANSWER"),
        (3, "busy", "BUSY"),
        (4, "failed", "FAILED"),
        (5, "completed", "TRANSFERRED"),
        (7, "completed", "DIAL_TREE_FOUND"),
        (9, "failed", "FAILED"),
        (13, "completed", "LONG_SILENCE_HANGUP"),
    ],
)
def test_an_outcome_is_told_in_vogents_words(
    simulate: Simulate, client: Client, clock: VirtualClock, ending: int, word: str, result: str
) -> None:
    vogent = client(simulate(), "vogent")
    job = start(vogent, ending)
    clock.advance(1000)

    [dial] = dials(vogent, job)

    assert (dial["status"], dial["systemResultType"]) == (word, result)
    assert ("startedAt" in dial) is (ending in {1, 5, 13})


def test_a_dial_adds_up(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE))
    vogent = client(stand, "vogent")
    job = start(vogent, 5, fromPhoneNumberIds=[NUMBER])
    clock.advance(1000)

    [dial] = dials(vogent, job)
    [ring] = stand.ledger()["rings"]

    length = parse_moment(dial["endedAt"]) - parse_moment(dial["startedAt"])
    assert dial["durationSeconds"] == length == ring["duration_seconds"] == 60
    assert dial["aiDurationSeconds"] == 36
    assert dial["inputs"]["outdial_key"] == ring["key"] == "key-5"
    assert dial["fromNumberId"] == NUMBER
    assert (ring["tag"], ring["provider_batch_id"]) == ("od1-t", job)
    assert dial["id"] == ring["provider_call_id"]


def test_late_fields_come_late(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    vogent = client(simulate(SimulatorSettings(people=PEOPLE)), "vogent")
    job = start(vogent, 20)

    def late() -> tuple[bool, bool, bool]:
        [dial] = dials(vogent, job)
        return bool(dial["transcript"]), "aiResult" in dial, bool(dial["recordings"])

    clock.advance(70)
    seen = [late()]
    for seconds in (2, 6, 7):
        clock.advance(seconds)
        seen.append(late())

    assert seen == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]


def test_a_recording_needs_the_key(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    job = start(vogent, 20)
    clock.advance(1000)
    url = dials(vogent, job)[0]["recordings"][0]["url"]

    answer = vogent.get(url)

    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content.startswith(b"RIFF")
    assert client(stand, "vogent", key="wrong").get(url).status_code == 401


def test_hanging_up_ends_a_dial_in_progress_once(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    vogent = client(simulate(SimulatorSettings(people=PEOPLE)), "vogent")
    dial_id = vogent.post("/dials", json={"callAgentId": AGENT, "toNumber": "+13125550120"}).json()[
        "dialId"
    ]
    clock.advance(5)
    assert vogent.get(f"/dials/{dial_id}").json()["status"] == "ringing"
    clock.advance(20)
    assert vogent.get(f"/dials/{dial_id}").json()["status"] == "in-progress"

    first = vogent.post(f"/dials/{dial_id}/hangup")
    second = vogent.post(f"/dials/{dial_id}/hangup")

    assert (first.json(), second.status_code) == ({"success": True}, 400)
    dial = vogent.get(f"/dials/{dial_id}").json()
    assert (dial["status"], dial["systemResultType"], dial["durationSeconds"]) == (
        "completed",
        "USER_HANGUP",
        15,
    )


def test_every_dial_is_listed_once_while_the_job_runs(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(SimulatorSettings(people=People(), speed=1))
    vogent = client(stand, "vogent")
    job = start(vogent, *range(40), maxConcurrentDials=7)
    path, seen, cursor = f"{JOBS}/{job}/dials", list[str](), ""
    # Oldest first: whatever ends while we page comes behind the cursor.
    for _ in range(1000):
        clock.advance(10)
        page = vogent.get(path, params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [dial["id"] for dial in page["data"]]
        cursor = page["cursor"] or cursor
        if status(vogent, job) == "COMPLETE" and page["cursor"] is None:
            break

    # The last page has no cursor, so its rows may have been read again: but none is missing.
    assert {ring["provider_call_id"] for ring in stand.ledger()["rings"]} == set(seen)


@pytest.mark.parametrize("order", ["oldest", "newest", "created"])
def test_pages_join_without_gap_or_repeat(
    simulate: Simulate, client: Client, clock: VirtualClock, order: str
) -> None:
    settings = SimulatorSettings.model_validate({"vogent": {"order": order}})
    vogent = client(simulate(settings), "vogent")
    job = start(vogent, *range(30))
    clock.advance(100_000)

    found = [dial["id"] for dial in dials(vogent, job, limit=7)]

    assert len(found) == len(set(found)) == 30
    assert found == [dial["id"] for dial in dials(vogent, job)]


def test_newest_first_is_the_reverse_of_oldest_first(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    found: list[list[str]] = []
    for order in ("oldest", "newest"):
        settings = SimulatorSettings.model_validate({"vogent": {"order": order}})
        vogent = client(simulate(settings), "vogent")
        job = start(vogent, *range(10))
        clock.advance(100_000)
        found.append([dial["toNumber"] for dial in dials(vogent, job)])

    assert found[0] == found[1][::-1]


def test_the_page_after_a_full_last_page_may_be_empty(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    settings = SimulatorSettings.model_validate({"vogent": {"empty_last_page": True}})
    vogent = client(simulate(settings), "vogent")
    job = start(vogent, 20, 21)
    clock.advance(100_000)
    path = f"{JOBS}/{job}/dials"

    full = vogent.get(path, params={"limit": 2}).json()
    empty = vogent.get(path, params={"limit": 2, "cursor": full["cursor"]}).json()

    assert (len(full["data"]), empty) == (2, {"data": [], "cursor": None})


def test_a_job_may_be_complete_before_its_last_dials_are_listed(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    vogent_settings = {"complete_when": "dialled", "listing_delay": 100}
    settings = SimulatorSettings.model_validate({"people": PEOPLE, "vogent": vogent_settings})
    vogent = client(simulate(settings), "vogent")
    job = create(vogent, 20)
    pause(vogent, job, paused=False)

    clock.advance(1)
    assert (status(vogent, job), dials(vogent, job)) == ("COMPLETE", [])
    clock.advance(70 + 100)

    assert len(dials(vogent, job)) == 1


def test_jobs_are_listed_by_status_and_agent_and_per_key(
    simulate: Simulate, client: Client
) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE, api_keys=["test-key", "other-key"]))
    vogent = client(stand, "vogent")
    waiting, running = create(vogent, 20), start(vogent, 21, callAgentId=NOBODY)

    def ids(**query: str) -> list[str]:
        return [job["id"] for job in listed(vogent, JOBS, limit=1, **query)]

    assert ids() == [waiting, running]
    assert ids(status="INIT") == [waiting]
    assert ids(callAgentId=NOBODY) == [running]
    other = client(stand, "vogent", key="other-key")
    assert listed(other, JOBS) == []
    assert other.get(f"{JOBS}/{waiting}").status_code == 404


def test_the_key_must_come_as_a_bearer(simulate: Simulate) -> None:
    stand = simulate()
    base_url = stand.simulator.base_urls["vogent"]

    for headers in ({"authorization": "test-key"}, {"authorization": ""}, {"api_key": "test-key"}):
        answer = httpx.get(f"{base_url}/agents", headers=headers)
        assert answer.status_code == 401
        assert "key" in answer.json()["message"]

    assert stand.stats()["auth_failures"] == 3


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"rows": []}, 422, "rows: List should have at least 1 item"),
    ({"name": None}, 422, "name: Input should be a valid string"),
    ({"rows": [{"toNumber": "3125550120"}]}, 422, "rows.0.toNumber"),
    (
        {"rows": [{"toNumber": "+13125550120", "inputs": {"age": 7}}]},
        422,
        "rows.0.inputs.age: Input should be a valid string",
    ),
    ({"maxConcurrentDials": "5"}, 422, "maxConcurrentDials: Input should be a valid integer"),
    ({"maxConcurrentDials": 1000}, 422, "this workspace may have 100"),
    ({"callAgentId": "my-agent"}, 422, "callAgentId: Value error, must be a UUID"),
    (
        {"schedule": {"days": [], "timezone": "Chicago"}},
        422,
        "schedule.timezone: Value error, must be an IANA time zone",
    ),
    (
        {
            "schedule": {
                "days": [{"dayOfWeek": 7, "timeSlots": []}],
                "timezone": "America/Chicago",
            }
        },
        422,
        "schedule.days.0.dayOfWeek",
    ),
]


@pytest.mark.parametrize("change,status_code,said", WRONG)
def test_a_wrong_job_is_refused_with_its_place_and_without_its_values(
    simulate: Simulate, client: Client, change: dict[str, Any], status_code: int, said: str
) -> None:
    stand = simulate()

    answer = client(stand, "vogent").post(JOBS, json=body(20) | change)

    assert answer.status_code == status_code
    assert said in answer.json()["message"]
    assert "55501" not in answer.text
    assert stand.ledger()["requests"][-1]["applied_at"] is None


def test_a_body_that_is_no_json_is_refused(simulate: Simulate, client: Client) -> None:
    assert client(simulate(), "vogent").post(JOBS, content=b"{").status_code == 400


def test_a_workspace_may_take_only_the_ids_that_it_lists(
    simulate: Simulate, client: Client
) -> None:
    settings = SimulatorSettings.model_validate({"vogent": {"only_known_ids": True}})
    vogent = client(simulate(settings), "vogent")

    assert vogent.post(JOBS, json=body(20, fromPhoneNumberIds=[NUMBER])).status_code == 200
    assert vogent.post(JOBS, json=body(20, callAgentId=NOBODY)).status_code == 400
    assert vogent.post(JOBS, json=body(20, fromPhoneNumberIds=[NOBODY])).status_code == 400


def test_concurrency_above_the_workspaces_may_be_clamped(
    simulate: Simulate, client: Client
) -> None:
    vogent_settings = {"over_concurrency": "clamp", "lines": 3}
    settings = SimulatorSettings.model_validate({"vogent": vogent_settings})
    vogent = client(simulate(settings), "vogent")

    assert vogent.post(JOBS, json=body(20)).json()["maxConcurrentDials"] == 3


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": "many"}, {"status": "DONE"}])
def test_a_wrong_query_is_refused(
    simulate: Simulate, client: Client, query: dict[str, Any]
) -> None:
    assert client(simulate(), "vogent").get(JOBS, params=query).status_code == 422


def test_a_made_up_cursor_is_refused(simulate: Simulate, client: Client) -> None:
    vogent = client(simulate(), "vogent")

    assert vogent.get(JOBS, params={"cursor": "!!"}).status_code == 400


def test_changes_take_effect_when_the_job_is_resumed(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE))
    vogent = client(stand, "vogent")
    job = start(vogent, *range(20, 26), maxConcurrentDials=1)

    def live() -> int:
        return sum(ring["over_at"] is None for ring in stand.ledger()["rings"])

    changed = vogent.put(f"{JOBS}/{job}", json={"maxConcurrentDials": 3}).json()
    assert (changed["maxConcurrentDials"], live()) == (3, 1)
    pause(vogent, job, paused=True)
    pause(vogent, job, paused=False)

    assert live() == 3


WEEKDAYS = Schedule.model_validate(
    {
        "timezone": "America/Chicago",
        "days": [
            {
                "dayOfWeek": day,
                "timeSlots": [
                    {"startTime": "13:00", "endTime": "17:00"},
                    {"startTime": "09:00", "endTime": "12:00"},
                ],
            }
            for day in range(1, 6)
        ],
    }
)


@pytest.mark.parametrize(
    "asked,opens",
    [
        ("2026-04-06T14:30:00Z", "2026-04-06T14:30:00Z"),
        ("2026-04-06T13:00:00Z", "2026-04-06T14:00:00Z"),
        # Ends are exclusive.
        ("2026-04-06T17:00:00Z", "2026-04-06T18:00:00Z"),
        # Friday evening to Monday morning, over the change to summer time (8 March 2026).
        ("2026-03-06T23:00:00Z", "2026-03-09T14:00:00Z"),
    ],
)
def test_a_schedule_opens_by_local_time(asked: str, opens: str) -> None:
    assert iso_utc(window(WEEKDAYS)(parse_moment(asked)), digits=0) == opens


def test_a_schedule_may_cross_midnight_be_empty_or_be_disabled() -> None:
    night = {"dayOfWeek": 0, "timeSlots": [{"startTime": "22:00", "endTime": "02:00"}]}
    late = Schedule.model_validate({"timezone": "UTC", "days": [night]})
    never = Schedule.model_validate({"timezone": "UTC", "days": []})
    # Monday, one in the morning.
    moment = parse_moment("2026-04-06T01:00:00Z")

    assert window(late)(moment) == moment
    assert window(never)(moment) == float("inf")
    assert window(never.model_copy(update={"disableSchedule": True}))(moment) == moment


def test_a_job_rings_only_inside_its_windows(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(SimulatorSettings(people=PEOPLE))
    vogent = client(stand, "vogent")
    # A Monday, five minutes before noon in Chicago, where the first slot ends.
    clock.advance(parse_moment("2026-09-21T16:55:00Z") - clock.now())
    schedule = WEEKDAYS.model_dump(exclude={"disableSchedule"})
    job = start(vogent, *range(20, 27), maxConcurrentDials=1, schedule=schedule)
    assert vogent.get(f"{JOBS}/{job}").json()["schedule"] == schedule

    clock.advance(3600 * 24)
    rings = [iso_utc(ring["rang_at"], digits=0)[11:19] for ring in stand.ledger()["rings"]]

    assert rings[4:] == ["16:59:40", "18:00:00", "18:01:10"]


def test_agents_and_numbers_prove_the_key(simulate: Simulate, client: Client) -> None:
    vogent = client(simulate(), "vogent")

    agents = vogent.get("/agents", params={"limit": 1}).json()
    numbers = vogent.get("/phone_numbers", params={"limit": 1}).json()

    assert agents["data"][0]["id"] == AGENT
    assert agents["cursor"] is None
    assert numbers["data"][0]["id"] == NUMBER
    assert set(numbers["data"][0]) == {"id", "number", "type", "agentId"}


def test_an_unknown_path_is_answered_in_vogents_shape(simulate: Simulate, client: Client) -> None:
    stand = simulate()

    answer = client(stand, "vogent").get("/phone-numbers")

    assert (answer.status_code, set(answer.json())) == (404, {"message"})
    assert stand.ledger()["requests"][-1]["template"] == "/{path:path}"


def test_a_sparse_dial_still_keeps_to_the_schema(
    simulate: Simulate,
    client: Client,
    clock: VirtualClock,
    valid_page: Callable[[Any], None],
) -> None:
    settings = SimulatorSettings.model_validate({"vogent": {"sparse": True}})
    vogent = client(simulate(settings), "vogent")
    job = start(vogent, 20)
    clock.advance(1000)

    page = vogent.get(f"{JOBS}/{job}/dials").json()

    valid_page(page)
    assert "agent" not in page["data"][0]
