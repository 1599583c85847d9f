"""A form, a schedule and an API call, each against a real server and a real worker."""

import json
import re
import sqlite3
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.states import CampaignState
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store import books, campaigns
from store.books import Books
from store.decisions import audit
from store.ledger import Ledger
from tests.deployments.installation import Installation, wait_until
from tests.fixtures.session import Session
from tests.flows.campaigns import document, people, write_list

PEOPLE = 40

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("deployments")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployed")
    write_list(folder, PEOPLE)
    return folder


@pytest.fixture(scope="module")
def simulator() -> Generator[RunningSimulator]:
    with start_in_thread(SimulatorSettings(speed=200, seed=11)) as running:
        yield running


@pytest.fixture(scope="module")
def installation(session: Session, place: Path, simulator: RunningSimulator) -> Installation:
    settings = {"OUTDIAL_DATABASE_URL": f"sqlite:///{place / 'ledger.db'}"}
    for provider, url in simulator.base_urls.items():
        settings[f"{provider.upper()}_BASE_URL"] = url
        settings[f"{provider.upper()}_API_KEY"] = "test-key"
    return Installation(session, place, settings)


def form(api: str, name: str, place: Path, **changes: Any) -> dict[str, Any]:
    """Return what somebody fills into the form; caller numbers stand in the environment."""
    people_of = {"source": str(place / "people.csv"), "country": "US"}
    return document(api, name, recipients=people_of, **changes)


def counted(place: Path, name: str) -> Books:
    with Ledger.open(f"sqlite:///{place / 'ledger.db'}") as ledger, ledger.reading() as db:
        return books.books(db, campaigns.get(db, name).id)


def rings(simulator: RunningSimulator, provider: str) -> list[str]:
    rows = [ring.row() for ring in simulator.stage.world.ledger.rings]
    return sorted(row["number"] for row in rows if row["provider"] == provider)


def test_an_api_call_made_twice_gives_one_run_and_one_campaign(
    installation: Installation, place: Path, simulator: RunningSimulator
) -> None:
    said = {"campaign": form("vogent", "by-api", place), "waiting": "suspended"}

    first = installation.create_run("run-campaign/run-campaign", said, "order-4711")
    again = installation.create_run("run-campaign/run-campaign", said, "order-4711")

    assert first["id"] == again["id"]
    installation.wait_for(first["id"], "Suspended")
    sweeper = installation.create_run("resume-campaigns/resume-campaigns", {}, "sweep-1")
    run = installation.wait_for(first["id"], "Completed", "Failed", "Crashed", "NeedsAttention")
    assert run["state"]["name"] == "Completed", run["state"]
    installation.wait_for(sweeper["id"], "Completed", "Cancelled")
    assert counted(place, "by-api").closes
    assert rings(simulator, "vogent") == sorted(row["phone_number"] for row in people(PEOPLE))


def test_the_form_is_the_campaign_model_with_titles_bounds_and_help(
    installation: Installation,
) -> None:
    schema = installation.deployment("run-campaign/run-campaign")["parameter_openapi_schema"]
    form = schema["definitions"]["CampaignForm"]

    assert form["properties"]["name"]["title"] == "Campaign name"
    assert "identity" in form["properties"]["name"]["description"]
    limits = schema["definitions"]["Limits"]["properties"]
    assert limits["batch_size"]["minimum"] == 1
    assert limits["batch_size"]["maximum"] == 10_000
    assert set(form["properties"]["provider"]["anyOf"][0]["enum"]) == {
        "bland",
        "happyrobot",
        "vapi",
        "vocode",
        "vogent",
    }


def test_a_form_with_a_telephone_number_is_refused_before_prefect_keeps_it(
    installation: Installation, place: Path
) -> None:
    said = form("vogent", "with-number", place) | {"from_numbers": ["+13125550123"]}
    its_id = installation.deployment("run-campaign/run-campaign")["id"]

    with pytest.raises(AssertionError, match="409"):
        installation.call(
            "POST",
            f"deployments/{its_id}/create_flow_run",
            {"parameters": {"campaign": said}, "state": {"type": "SCHEDULED"}},
        )

    assert b"+13125550123" not in _prefect_database(installation)


def test_a_schedule_starts_runs_and_leaves_a_campaign_alone_that_is_still_at_work(
    installation: Installation, place: Path, simulator: RunningSimulator
) -> None:
    # Other people: those of the first campaign were called a moment ago, and `min_gap` knows.
    write_list(place, PEOPLE, "others.csv", skip=PEOPLE)
    said = form("vapi", "by-schedule", place)
    said["recipients"]["source"] = "others.csv"
    (place / "scheduled.yaml").write_text(json.dumps(said))
    deployment = installation.deployment("run-campaign/weekday-mornings")
    schedule = deployment["schedules"][0]
    assert schedule["schedule"] == {
        "cron": "0 9 * * 1-5",
        "timezone": "America/New_York",
        "day_or": True,
    }
    soon = {
        "schedule": {
            "interval": 15,
            "anchor_date": (datetime.now(UTC) + timedelta(seconds=5)).isoformat(),
        },
        "active": True,
        "parameters": {"file": str(place / "scheduled.yaml")},
        "slug": "soon",
    }
    made = installation.call("POST", f"deployments/{deployment['id']}/schedules", [soon])

    def scheduled() -> list[dict[str, Any]]:
        wanted = {
            "deployments": {"id": {"any_": [deployment["id"]]}},
            "sort": "EXPECTED_START_TIME_ASC",
        }
        found = installation.call("POST", "flow_runs/filter", wanted)
        return [run for run in found if run["auto_scheduled"]]

    def finished() -> list[dict[str, Any]]:
        return [run for run in scheduled() if run["state"]["name"] == "Completed"]

    def begun() -> list[dict[str, Any]]:
        return [run for run in scheduled() if run["state"]["type"] not in {"SCHEDULED", "PENDING"}]

    wait_until(
        lambda: any(installation.has_been(run["id"], "Suspended") for run in begun()),
        lambda: str([run["state"] for run in scheduled()]),
    )
    installation.create_run("resume-campaigns/resume-campaigns", {}, "sweep-2")
    # One that called, and one that found it at work.
    wait_until(
        lambda: len(finished()) > 1 and counted(place, "by-schedule").closes,
        lambda: str([run["state"] for run in scheduled()]),
    )
    installation.call("DELETE", f"deployments/{deployment['id']}/schedules/{made[0]['id']}")

    others = [row["phone_number"] for row in people(PEOPLE, skip=PEOPLE)]
    assert rings(simulator, "vapi") == sorted(others)


@pytest.mark.proof
def test_a_suspended_run_that_is_cancelled_takes_its_campaign_along(
    installation: Installation, place: Path, simulator: RunningSimulator
) -> None:
    write_list(place, PEOPLE, "third.csv", skip=2 * PEOPLE)
    said = form("vogent", "cancelled", place, limits={"batch_size": 2, "open_batches": 1})
    said["recipients"]["source"] = str(place / "third.csv")
    before = len(rings(simulator, "vogent"))
    parameters = {"campaign": said, "waiting": "suspended"}
    run = installation.create_run("run-campaign/run-campaign", parameters, "order-4712")
    installation.wait_for(run["id"], "Suspended")

    # As the button in Prefect's UI does.
    wish = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    installation.call("POST", f"flow_runs/{run['id']}/set_state", wish)
    installation.wait_for(run["id"], "Cancelled")
    sweeper = installation.create_run("resume-campaigns/resume-campaigns", {}, "sweep-3")
    installation.wait_for(sweeper["id"], "Completed")

    with Ledger.open(f"sqlite:///{place / 'ledger.db'}") as ledger, ledger.reading() as db:
        campaign = campaigns.get(db, "cancelled")
        told = [one.reason for one in audit.listing(db) if one.subject == campaign.id]
    assert campaign.state is CampaignState.CANCELLED
    assert told == ["its flow run was cancelled"]
    counted_now = counted(place, "cancelled")
    assert counted_now.closes
    assert len(rings(simulator, "vogent")) - before == PEOPLE - counted_now.skipped < PEOPLE


def test_nothing_about_people_is_in_prefects_database_logs_or_artifacts(
    installation: Installation,
) -> None:
    kept = _prefect_database(installation)
    logs = installation.server_log.read_bytes() + installation.worker_log.read_bytes()

    assert b"by-api" in kept, "the canaries must be looked for where the runs are"
    for canary in (b"test-key", b"Person 1", b"5550100"):
        assert canary not in kept
        assert canary not in logs
    assert re.search(rb"\+1\d{3}55501\d\d", kept + logs) is None


def _prefect_database(installation: Installation) -> bytes:
    """Return everything that Prefect's database holds, as text."""
    source = sqlite3.connect(installation.home / "prefect.db")
    try:
        return "\n".join(source.iterdump()).encode()
    finally:
        source.close()
