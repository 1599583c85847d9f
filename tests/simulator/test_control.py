import httpx
import pytest

from simulator.clock import VirtualClock
from tests.simulator.conftest import Client, Simulate

BATCH = {
    "global": {"task": "x"},
    "description": "spring",
    "call_objects": [
        {"phone_number": "+13125550120", "metadata": {"outdial_key": "a"}},
        {"phone_number": "+13125550121", "metadata": {"outdial_key": "b"}},
    ],
}


def submit(bland: httpx.Client) -> None:
    bland.post("/v2/batches/create", json=BATCH).raise_for_status()


def test_health_tells_where_each_provider_is(simulate: Simulate) -> None:
    health = simulate().control.get("/__health").json()

    assert health["status"] == "ok"
    assert health["providers"] == {
        "vogent": "/vogent/api",
        "bland": "/bland",
        "happyrobot": "/happyrobot/api/v1",
        "vapi": "/vapi",
        "vocode": "/vocode/v1",
    }


def test_a_submission_sent_twice_is_seen_in_ledger_and_stats(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    bland = client(stand, "bland")
    submit(bland)
    submit(bland)
    clock.advance(1000)

    stats, ledger = stand.stats(), stand.ledger()

    assert stats["duplicate_keys"] == {"a": 2, "b": 2}
    assert stats["rung_while_open"] == ["+13125550120", "+13125550121"]
    assert stats["dialling_posts"] == {"bland": 2}
    assert stats["rings_by_provider"] == {"bland": {"answered": 4}}
    assert (stats["rings"], stats["distinct_numbers"]) == (4, 2)
    assert [ring["overlaps"] for ring in ledger["rings"]] == [False, False, True, True]
    assert len({ring["body_sha256"] for ring in ledger["rings"]}) == 1
    assert ledger["requests"][0]["body_sha256"] == ledger["rings"][0]["body_sha256"]


def test_every_request_is_written_down_with_its_route_and_effect(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    bland = client(stand, "bland")
    submit(bland)
    bland.post("/v2/batches/create", json={})
    clock.advance(5)
    bland.get("/v1/calls", params={"limit": 1})
    client(stand, "bland", key="wrong").get("/v1/me")

    requests = stand.ledger()["requests"]

    assert [(request["template"], request["route"], request["status"]) for request in requests] == [
        ("/v2/batches/create", "submit", 200),
        ("/v2/batches/create", "submit", 400),
        ("/v1/calls", "page", 200),
        ("/v1/me", "check", 401),
    ]
    assert [request["applied_at"] is not None for request in requests] == [True, False, True, False]
    assert [request["unauthorized"] for request in requests] == [False, False, False, True]
    assert requests[2]["query"] == "limit=1"
    assert requests[2]["at"] == requests[0]["at"] + 5


@pytest.mark.parametrize(
    "since", ["1790000010", "2026-09-21T14:13:30Z", "2026-09-21T14:13:30+00:00"]
)
def test_the_ledger_is_narrowed_by_provider_time_and_number(
    simulate: Simulate, client: Client, clock: VirtualClock, since: str
) -> None:
    stand = simulate()
    bland = client(stand, "bland")
    submit(bland)
    clock.advance(500)
    submit(bland)
    clock.advance(500)

    assert len(stand.ledger(provider="bland")["rings"]) == 4
    assert stand.ledger(provider="vapi")["rings"] == []
    assert len(stand.ledger(since=since)["rings"]) == 2
    assert len(stand.ledger(since=since)["requests"]) == 1
    assert len(stand.ledger(numbers="+13125550120,+13125550199")["rings"]) == 2
    assert len(stand.control.get("/__ledger?numbers=+13125550120").json()["rings"]) == 2


def test_a_ledger_query_that_cannot_be_read_is_refused(simulate: Simulate) -> None:
    answer = simulate().control.get("/__ledger", params={"since": "yesterday"})

    assert answer.status_code == 400


def test_the_ledger_brings_the_world_up_to_date_by_itself(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    submit(client(stand, "bland"))
    clock.advance(1000)

    assert [ring["outcome"] for ring in stand.ledger()["rings"]] == ["answered"] * 2


def test_a_reset_forgets_everything_and_restores_the_faults_of_the_start(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    bland = client(stand, "bland")
    submit(bland)
    clock.advance(1000)
    stand.set_faults({"fault": {"kind": "hang"}})

    stand.control.post("/__reset").raise_for_status()

    assert stand.stats()["rings"] == 0
    assert stand.ledger()["requests"] == []
    assert stand.control.get("/__faults").json()["rules"] == []
    assert bland.get("/v2/batches/list").json()["data"] == []


def test_a_late_effect_from_before_a_reset_reaches_no_later_world(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    stand.set_faults({"routes": ["submit"], "fault": {"kind": "late_effect", "status": 504}})
    client(stand, "bland").post("/v2/batches/create", json=BATCH)

    stand.control.post("/__reset").raise_for_status()
    clock.advance(1000)

    assert stand.stats()["rings"] == 0


def test_each_key_is_an_account_of_its_own_and_unknown_ones_are_refused(
    simulate: Simulate, client: Client
) -> None:
    stand = simulate()

    assert client(stand, "bland", key="").get("/v1/me").status_code == 401
    assert client(stand, "bland", key="other").get("/v1/me").status_code == 401
    assert stand.stats()["auth_failures"] == 2


def test_a_reset_may_bring_other_settings(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    settings = "people: {script: {'20': [busy]}, mode: script}\nbland: {lines: 1}\nspeed: 2"

    stand.control.post("/__reset", content=settings).raise_for_status()
    submit(client(stand, "bland"))
    clock.advance(1000)

    first, second = stand.ledger()["rings"]
    assert (first["outcome"], second["outcome"]) == ("busy", "answered")
    assert second["rang_at"] == first["over_at"] == first["rang_at"] + 1


@pytest.mark.parametrize(
    "body,status", [("speed: 0", 422), ("pace: 2", 422), ("{", 400), ("[1]", 400)]
)
def test_a_reset_with_wrong_settings_changes_nothing(
    simulate: Simulate, client: Client, clock: VirtualClock, body: str, status: int
) -> None:
    stand = simulate()
    submit(client(stand, "bland"))
    clock.advance(1000)

    assert stand.control.post("/__reset", content=body).status_code == status
    assert stand.stats()["rings"] == 2
