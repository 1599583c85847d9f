"""`outdial plan` shows what would be done, and `run --plan` does just that."""

import json
import os
import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from tests.outdial.command import outdial, program

CAMPAIGN = """\
name: spring
provider: vogent
agent: {agent_id: 0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10}
from_numbers: [9a4be2b7-7c1d-4f0a-8a2e-5d3c6b7a8f90]
recipients: {source: people.csv, country: US, external_id: id}
variables: {who: "{first_name}"}
policy: {calling_windows: any_hour}
limits: {batch_size: 5}
polling: {min: 100ms, max: 500ms, settle: 1s}
"""
WINDOWS = "policy: {calling_windows: {purpose: informational}, require_consent: never}"
PEOPLE = 12


@pytest.fixture
def simulator() -> Generator[RunningSimulator]:
    with start_in_thread(SimulatorSettings(seed=3, speed=100)) as running:
        os.environ["VOGENT_BASE_URL"] = running.base_urls["vogent"]
        os.environ["VOGENT_API_KEY"] = "test-key"
        yield running


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    write(tmp_path, PEOPLE)
    (tmp_path / "c.yaml").write_text(CAMPAIGN)
    return tmp_path / "c.yaml"


def write(folder: Path, people: int, *more: str) -> None:
    rows = [f"c{n},Person {n},+1312555{n:04}" for n in range(100, 100 + people)]
    lines = ["id,first_name,phone_number", *rows, *more]
    (folder / "people.csv").write_text("\n".join(lines) + "\n")


def hash_of(out: str) -> str:
    found = re.match(r"plan ([0-9a-f]{4}(?:-[0-9a-f]{4}){3})\n", out)
    assert found, out
    return found[1]


def rung(simulator: RunningSimulator) -> list[str]:
    rings = httpx.get(f"{simulator.url}/__ledger").json()["rings"]
    return sorted(ring["number"] for ring in rings)


def everybody() -> list[str]:
    return [f"+1312555{n:04}" for n in range(100, 100 + PEOPLE)]


def test_a_plan_counts_who_is_called_and_why_others_are_not(campaign: Path, tmp_path: Path) -> None:
    write(tmp_path, PEOPLE, "x,Bad,12", "y,Again,(312) 555-0100")
    outdial("suppress", "add", "+13125550103", "--reason", "asked")

    ran = outdial("plan", campaign)

    assert ran.code == 0
    assert f"{PEOPLE - 1} of {PEOPLE} people are called" in ran.out
    assert re.search(r"vogent +11 +3 +11 +unknown +unknown: no past calls", ran.out)
    assert re.search(r"never +suppressed +1 +…03", ran.out)
    assert "its number stands further up in the list" in ran.out
    assert "not legal advice" in ran.out
    assert f"--plan {hash_of(ran.out)}" in ran.out


def test_a_plan_shows_no_number_in_full(campaign: Path) -> None:
    ran = outdial("plan", campaign, "--limit", "20")
    told = outdial("plan", campaign, "--limit", "20", "--json")

    assert ran.out.count("…") == PEOPLE
    assert not re.search(r"\d{7}", ran.out + told.out)


def test_a_plan_tells_the_hours_on_the_peoples_own_clocks_and_the_duties(
    campaign: Path, tmp_path: Path
) -> None:
    campaign.write_text(CAMPAIGN.replace("policy: {calling_windows: any_hour}", WINDOWS))
    rows = "w,West,+12135550100\n"
    (tmp_path / "people.csv").write_text(f"id,first_name,phone_number\n{rows}")

    ran = outdial("plan", campaign)

    assert "America/Los_Angeles" in ran.out
    assert "US asks of the calls to 1 of them: say at the start who calls" in ran.out


def test_a_plan_is_told_to_programs_too(campaign: Path) -> None:
    campaign.write_text(CAMPAIGN.replace("batch_size: 5", "batch_size: 5, cost_per_call_usd: 0.1"))

    told = json.loads(outdial("plan", campaign, "--json").out)

    assert told["called"] == PEOPLE
    assert told["providers"]["vogent"]["batches"] == 3
    assert told["providers"]["vogent"]["cost"] == {"least": "1.20", "most": "1.20"}
    assert told["held_to"] is None


def test_a_campaign_that_is_nowhere_cannot_be_planned() -> None:
    ran = outdial("plan", "nowhere")

    assert ran.code == 2
    assert "no such campaign" in ran.err


def test_a_plan_that_calls_nobody_needs_attention(campaign: Path, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,first_name,phone_number\nx,Bad,12\n")

    ran = outdial("plan", campaign)

    assert ran.code == 1
    assert "0 of 0 people are called" in ran.out


@pytest.mark.long
def test_a_run_by_plan_calls_the_people_of_the_plan_and_nobody_who_is_added_later(
    prefect_api: str, simulator: RunningSimulator, campaign: Path, tmp_path: Path
) -> None:
    plan = hash_of(outdial("plan", campaign).out)

    first = program("run", campaign, "--plan", plan)

    assert first.code == 0, first.err
    assert rung(simulator) == everybody()

    write(tmp_path, PEOPLE + 3)
    again, without = program("run", campaign, "--plan", plan), program("run", campaign)

    assert again.code == without.code == 0, again.err + without.err
    assert rung(simulator) == everybody()
    left = outdial("plan", "spring")
    assert f"0 of {PEOPLE} people are called" in left.out
    assert f"spring is held to the plan {plan}, and this is what is left of it" in left.out


def test_a_run_by_a_plan_that_has_changed_calls_nobody(
    simulator: RunningSimulator, campaign: Path, tmp_path: Path
) -> None:
    plan = hash_of(outdial("plan", campaign).out)
    write(tmp_path, PEOPLE + 1)

    ran = program("run", campaign, "--plan", plan)

    assert ran.code == 2
    assert f"its plan is no longer {plan}: of the people who are called, 1 added" in ran.err
    assert rung(simulator) == []
    assert json.loads(outdial("status", "--json").out) == []


def test_a_wrong_hash_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    ran = outdial("run", tmp_path / "nowhere.yaml", "--plan", "latest")

    assert ran.code == 2
    assert "a plan is named by its hash" in ran.err
