"""A deployed campaign waits for its approval without a process, and goes on when it has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.server import start_in_thread
from simulator.settings import SimulatorSettings
from store import campaigns
from store.decisions import audit
from store.ledger import Ledger
from tests.deployments.installation import Installation, wait_until
from tests.fixtures.session import Session
from tests.flows.campaigns import document, people, write_list

PEOPLE = 8

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("deployments")]


def test_a_suspended_run_calls_the_people_of_the_plan_that_was_approved(
    session: Session, tmp_path: Path
) -> None:
    write_list(tmp_path, PEOPLE)
    (tmp_path / "campaign.yaml").write_text(json.dumps(document("bland", "approved")))
    database = f"sqlite:///{tmp_path / 'ledger.db'}"
    with start_in_thread(SimulatorSettings(speed=200, seed=5)) as simulator:
        settings = {"OUTDIAL_DATABASE_URL": database}
        for provider, url in simulator.base_urls.items():
            settings[f"{provider.upper()}_BASE_URL"] = url
            settings[f"{provider.upper()}_API_KEY"] = "test-key"
        installation = Installation(session, tmp_path, settings)
        rings = simulator.stage.world.ledger.rings
        said = {"file": str(tmp_path / "campaign.yaml"), "waiting": "suspended", "approve": True}

        run = installation.create_run("run-campaign/run-campaign", said, "order-1")
        waiting = installation.wait_for(run["id"], "Suspended", "Failed", "Crashed")
        assert waiting["state"]["name"] == "Suspended", waiting["state"]
        assert not rings
        approve(installation, waiting)
        wait_until(lambda: bool(rings), installation.tails)
        installation.create_run("resume-campaigns/resume-campaigns", {}, "sweep-1")
        installation.wait_for(run["id"], "Completed")

        rung = sorted(str(ring.row()["number"]) for ring in rings)
    assert rung == sorted(row["phone_number"] for row in people(PEOPLE))
    with Ledger.open(database) as ledger, ledger.reading() as db:
        assert campaigns.get(db, "approved").state == "completed"
        [decision] = [one for one in audit.listing(db) if one.verb == "approve"]
    assert (decision.actor, decision.reason) == ("Ada", "as agreed")


def approve(installation: Installation, run: dict[str, Any]) -> None:
    """Fill in the form, as a person does in Prefect's UI."""
    plan = run["state"]["state_details"]["pause_key"].removeprefix("approve-")
    shown = "-".join(plan[start : start + 4] for start in range(0, 16, 4))
    given = {"plan": shown, "approve": True, "name": "Ada", "reason": "as agreed"}

    def taken() -> bool:
        # Prefect says that the run is suspended a moment before it knows the form.
        answer = installation.call("POST", f"flow_runs/{run['id']}/resume", {"run_input": given})
        return answer["status"] == "ACCEPT"

    wait_until(taken, installation.tails)
