import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.faults.rules import FaultPlan
from simulator.server import start_in_thread
from simulator.settings import SimulatorSettings

BATCH = {"global": {"task": "x"}, "call_objects": [{"phone_number": "+13125550120"}]}


def until(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    """Ask until somebody answers."""
    for _ in range(300):
        assert process.poll() is None, process.communicate()
        try:
            return httpx.get(url, timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulator does not answer")


def first_finished_ring(control: httpx.Client) -> dict[str, Any]:
    for _ in range(300):
        for ring in control.get("/__ledger").json()["rings"]:
            if ring["over_at"] is not None:
                return ring
        time.sleep(0.02)
    raise AssertionError("nobody was rung to the end")


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def program(free_port: int, tmp_path: Path) -> Generator[subprocess.Popen[str]]:
    faults = tmp_path / "faults.yaml"
    faults.write_text("rules: [{routes: [check], count: 1, fault: {kind: status, status: 418}}]")
    settings = tmp_path / "settings.yaml"
    settings.write_text("{speed: 7, bland: {balance_usd: 5}}")
    files = ["--faults", str(faults), "--settings", str(settings)]
    arguments = ["--port", str(free_port), "--speed", "1000", "--seed", "3", "--mix", "calm"]
    command = [sys.executable, "-m", "simulator", *arguments, *files]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_the_program_serves_with_its_arguments_and_stops_when_asked_to(
    program: subprocess.Popen[str], free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    until(f"{url}/__health", program)

    account = httpx.get(f"{url}/bland/v1/me", headers={"authorization": "test-key"})
    assert account.status_code == 418
    rules = httpx.get(f"{url}/__faults").json()["rules"]
    assert [rule.get("name", "") for rule in rules] == ["a little latency", ""]
    account = httpx.get(f"{url}/bland/v1/me", headers={"authorization": "test-key"})
    assert account.json()["billing"]["current_balance"] == 5
    program.send_signal(signal.SIGINT)

    assert program.wait(10) in {0, -signal.SIGINT}
    said, complained = program.communicate()
    assert f"BLAND_BASE_URL={url}/bland" in said.splitlines()
    assert complained == ""


def test_at_speed_a_call_of_minutes_is_over_in_no_time() -> None:
    with (
        start_in_thread(SimulatorSettings(speed=100_000)) as simulator,
        httpx.Client(base_url=simulator.url) as control,
    ):
        headers = {"authorization": "test-key"}
        control.post("/bland/v2/batches/create", json=BATCH, headers=headers).raise_for_status()
        ring = first_finished_ring(control)

    assert ring["over_at"] - ring["rang_at"] < 1
    assert ring["ended_at"] >= ring["over_at"]


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with start_in_thread() as simulator:
        port = int(simulator.url.rpartition(":")[2])

        with pytest.raises(OSError, match="in use"), start_in_thread(port=port):
            pass


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    with start_in_thread() as simulator, httpx.Client(base_url=simulator.url) as control:
        waits: list[float] = []
        for _ in range(15):
            began = time.monotonic()
            control.get("/__health")
            waits.append(time.monotonic() - began)

    # A delayed acknowledgement takes 40 ms, every time.
    assert min(waits[1:]) < 0.03


def test_it_stops_although_a_client_is_kept_waiting() -> None:
    faults = FaultPlan.model_validate({"rules": [{"fault": {"kind": "hang"}}]})
    with (
        socket.socket() as waiting,
        start_in_thread(SimulatorSettings(faults=faults)) as simulator,
    ):
        waiting.connect(("127.0.0.1", int(simulator.url.rpartition(":")[2])))
        waiting.sendall(b"GET /bland/v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(200):
            if httpx.get(f"{simulator.url}/__stats").json()["requests"]:
                break
        began = time.monotonic()

    assert time.monotonic() - began < 5


def test_base_urls_are_those_that_the_providers_settings_want() -> None:
    with start_in_thread() as simulator:
        assert simulator.base_urls["vogent"] == f"{simulator.url}/vogent/api"
        assert not any(url.endswith("/") for url in simulator.base_urls.values())


def test_a_second_simulator_knows_nothing_of_the_first() -> None:
    headers = {"authorization": "test-key"}
    with start_in_thread() as first, start_in_thread() as second:
        httpx.post(f"{first.base_urls['bland']}/v2/batches/create", json=BATCH, headers=headers)

        listed = httpx.get(f"{second.base_urls['bland']}/v2/batches/list", headers=headers)

    assert listed.json()["data"] == []


@pytest.mark.parametrize("repeat", [True, False])
def test_ids_are_new_after_every_start_unless_told_otherwise(*, repeat: bool) -> None:
    ids: list[str] = []
    for _ in range(2):
        with start_in_thread(SimulatorSettings(repeat_ids=repeat)) as simulator:
            answer = httpx.post(
                f"{simulator.base_urls['bland']}/v2/batches/create",
                json=BATCH,
                headers={"authorization": "test-key"},
            )
            ids.append(answer.json()["data"]["batch_id"])

    assert (ids[0] == ids[1]) is repeat
