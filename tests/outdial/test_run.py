"""The installed program runs campaigns: to the end, and only when meant."""

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from tests.outdial.command import PROGRAM, outdial, program

CAMPAIGN = """\
name: spring
provider: vogent
agent: {agent_id: 0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10}
from_numbers: [9a4be2b7-7c1d-4f0a-8a2e-5d3c6b7a8f90]
recipients: {source: people.csv, country: US, external_id: id}
variables: {who: "{first_name}"}
policy: {calling_windows: any_hour}
limits: {batch_size: 20}
polling: {min: 100ms, max: 500ms, settle: 1s}
"""
PEOPLE = 24


@pytest.fixture
def simulator() -> Generator[RunningSimulator]:
    with start_in_thread(SimulatorSettings(seed=3, speed=100)) as running:
        os.environ["VOGENT_BASE_URL"] = running.base_urls["vogent"]
        os.environ["VOGENT_API_KEY"] = "test-key"
        yield running


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    rows = [f"c{n},Person {n},+1312555{n:04}" for n in range(100, 100 + PEOPLE)]
    (tmp_path / "people.csv").write_text("\n".join(["id,first_name,phone_number", *rows]) + "\n")
    (tmp_path / "c.yaml").write_text(CAMPAIGN)
    return tmp_path / "c.yaml"


def rung(simulator: RunningSimulator) -> list[str]:
    rings = httpx.get(f"{simulator.url}/__ledger").json()["rings"]
    return sorted(ring["number"] for ring in rings)


def everybody() -> list[str]:
    return [f"+1312555{n:04}" for n in range(100, 100 + PEOPLE)]


@pytest.mark.long
def test_a_campaign_runs_to_its_end_and_running_it_again_calls_nobody(
    prefect_api: str, simulator: RunningSimulator, campaign: Path
) -> None:
    first = program("run", campaign)

    assert first.code == 0, first.err
    assert rung(simulator) == everybody()
    assert f"{PEOPLE} listed:" in first.out
    assert "spring: " in first.err  # its progress, in lines
    assert "Traceback" not in first.err

    again = program("run", campaign)

    assert again.code == 0, again.err
    assert rung(simulator) == everybody()
    assert_told_everywhere(simulator)


def assert_told_everywhere(simulator: RunningSimulator) -> None:
    status = outdial("status", "spring", "--json")
    books = json.loads(status.out)["books"]
    assert (status.code, books["closes"], books["listed"]) == (0, True, PEOPLE)
    assert books["reached"] + books["not_reached"] == PEOPLE

    exported = outdial("export", "spring", "--format", "jsonl")
    calls = [json.loads(line) for line in exported.out.splitlines()]
    assert sorted(call["phone_number"] for call in calls) == rung(simulator)
    assert {call["variables"]["who"] for call in calls} == {
        f"Person {n}" for n in range(100, 100 + PEOPLE)
    }


def test_strict_calls_nobody_if_a_row_is_wrong(
    prefect_api: str, simulator: RunningSimulator, campaign: Path
) -> None:
    with (campaign.parent / "people.csv").open("a") as people:
        people.write("c999,Nobody,12\n")

    ran = program("run", campaign, "--strict")

    assert ran.code == 2
    assert "1 of 25 rows are wrong, and nobody was imported (strict)" in ran.err
    assert "people.csv:26:3: " in ran.err
    assert rung(simulator) == []
    assert (campaign.parent / "people.csv.rejects.csv").exists()


@pytest.mark.parametrize("typed, words", [("autumn", "nobody was called"), ("", "Aborted")])
def test_real_telephones_want_the_campaigns_name_typed(
    campaign: Path, typed: str, words: str
) -> None:
    code, said = at_a_terminal(
        ["run", str(campaign)],
        typed,
        {"VOGENT_API_KEY": "test-key", "VOGENT_BASE_URL": "https://api.vogent.example/api"},
    )

    assert code != 0
    assert "This dials real telephones through vogent." in said
    assert "Type the campaign's name to go on" in said
    assert words in said


def at_a_terminal(arguments: list[str], typed: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run the program at a terminal of its own and type a line (nothing: end of input)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **env, "TERM": "dumb"},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        os.write(ours, f"{typed}\n".encode() if typed else b"\x04")
        said = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # The other side is closed.
                break
            if not part:
                break
            said += part
    os.close(ours)
    return process.returncode, said.decode(errors="replace")


@pytest.mark.proof
@pytest.mark.long
def test_the_demo_shows_that_the_ledger_knows_what_the_network_knows(
    prefect_api: str, tmp_path: Path
) -> None:
    ran = program("demo", "--people", "20", "--speed", "200", "--folder", tmp_path / "demo")

    assert ran.code == 0, ran.err
    assert "is in the ledger, once." in ran.out
    assert {path.name for path in (tmp_path / "demo").iterdir()} >= {
        "campaign.yaml",
        "people.csv",
        "outdial.db",
        "calls.csv",
    }


@pytest.mark.long
def test_a_temporary_prefect_server_ends_with_its_parent_even_if_that_is_killed(
    prefect_server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cache = request.config.cache
    assert cache is not None
    shutil.copyfile(
        cache.mkdir("prefect") / f"migrated-{version('prefect')}.db", tmp_path / "prefect.db"
    )
    source = (
        "import time; from flows.server import start_server; print(start_server(), flush=True);"
        " time.sleep(600)"
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")
    }
    with subprocess.Popen(
        [sys.executable, "-c", source],
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "PREFECT_HOME": str(tmp_path), "DO_NOT_TRACK": "1"},
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert httpx.get(f"{url}/api/health").is_success

        parent.kill()

    deadline = time.monotonic() + 30
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers(url)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health", timeout=2).is_success
    except httpx.HTTPError:
        return False
