"""The judge judged: a careless client is found out, and a patient one gets everything."""

from typing import Any

import httpx
import pytest

from simulator.clock import VirtualClock
from simulator.faults.rules import FaultPlan
from simulator.people import People
from simulator.settings import SimulatorSettings
from tests.simulator.conftest import Client, Simulate, Stand

AGENT = "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"
BAD_NEWS = (httpx.TransportError, httpx.DecodingError, ValueError, LookupError)


def town(mix: str, seed: int = 1) -> SimulatorSettings:
    faults = FaultPlan(mixes=[mix], seed=seed)
    return SimulatorSettings(people=People(mode="script"), faults=faults)


def batch(index: int) -> dict[str, Any]:
    number = f"+1312555{100 + index:04}"
    row = {"phone_number": number, "metadata": {"outdial_key": f"key-{index}"}}
    return {"global": {"task": "x"}, "call_objects": [row]}


def submit_and_retry(bland: httpx.Client, index: int, tries: int) -> bool:
    for _ in range(tries):
        try:
            answer = bland.post("/v2/batches/create", json=batch(index), timeout=0.5)
            return bool(answer.raise_for_status().json()["data"]["batch_id"])
        except (httpx.HTTPStatusError, *BAD_NEWS):
            continue
    return False


def run(stand: Stand, bland: httpx.Client, clock: VirtualClock, tries: int) -> dict[str, Any]:
    for index in range(60):
        submit_and_retry(bland, index, tries)
    clock.advance(10_000)
    return stand.stats()


def test_a_client_that_tries_again_after_every_error_is_seen_to_dial_twice(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(town("submit-doubt"))

    stats = run(stand, client(stand, "bland"), clock, tries=3)

    assert len(stats["duplicate_keys"]) > 5
    assert stats["rings"] > stats["distinct_numbers"]


def test_a_client_that_never_tries_again_dials_nobody_twice_but_misses_some(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate(town("submit-doubt"))

    stats = run(stand, client(stand, "bland"), clock, tries=1)

    assert stats["duplicate_keys"] == {}
    assert stats["rung_while_open"] == []
    assert stats["rings"] < 60


def patient(vogent: httpx.Client, method: str, path: str, **more: Any) -> dict[str, Any]:
    for _ in range(60):
        try:
            answer = vogent.request(method, path, timeout=2, **more)
            body: dict[str, Any] = answer.raise_for_status().json()
        except (httpx.HTTPStatusError, *BAD_NEWS):
            continue
        return body
    raise AssertionError("no good answer in sixty tries")


@pytest.mark.parametrize("mix", ["calm", "rough", "hell"])
def test_a_patient_reader_finds_every_call_on_any_day(
    simulate: Simulate, client: Client, clock: VirtualClock, mix: str
) -> None:
    stand = simulate(town(mix))
    vogent = client(stand, "vogent")
    rows = [{"toNumber": f"+131255501{index:02}"} for index in range(20, 60)]
    job = {"name": mix, "callAgentId": AGENT, "maxConcurrentDials": 9, "rows": rows}
    job_id = ""
    while not job_id:
        job_id = patient(vogent, "POST", "/batch_dial_jobs", json=job).get("id") or ""
    # What a late answer started twice is one job all the same.
    patient(vogent, "POST", f"/batch_dial_jobs/{job_id}/paused", json={"paused": False})
    clock.advance(100_000)
    path, found = f"/batch_dial_jobs/{job_id}/dials", set[str]()

    for _ in range(12):
        cursor: str | None = ""
        for _ in range(20):
            query = {"limit": "15"} | ({"cursor": cursor} if cursor else {})
            page = patient(vogent, "GET", path, params=query)
            found |= {dial["id"] for dial in page["data"]}
            cursor = page["cursor"]
            if cursor is None:
                break

    assert found == {ring["provider_call_id"] for ring in stand.ledger()["rings"]}
    assert len(found) == 40
