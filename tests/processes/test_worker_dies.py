"""A Prefect worker that dies in the middle of a batch, and another one that goes on."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from simulator.faults.rules import Rule
from simulator.faults.timing import Hang
from store import campaigns
from store.ledger import Ledger
from tests.deployments.installation import Installation
from tests.fixtures.session import Session
from tests.processes.program import wait_until
from tests.processes.stage import NAME, Stage, assert_all_is_well, staged

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("deployments")]

UNANSWERED = Rule(routes=["submit"], fault=Hang())
"""The telephones ring, and no answer comes."""
SWEEPER = "resume-campaigns/resume-campaigns"


@pytest.fixture
def deployed_stage(tmp_path: Path, sqlite_database_url: str) -> Generator[Stage]:
    with staged(tmp_path, sqlite_database_url) as stage:
        yield stage


@pytest.mark.parametrize("waiting", ["suspended", "here"])
def test_when_a_worker_dies_with_a_request_under_way_another_one_ends_the_campaign(
    session: Session, tmp_path: Path, deployed_stage: Stage, waiting: str
) -> None:
    stage = deployed_stage
    stage.write(15, limits={"batch_size": 5, "open_batches": 1, "start_guard": "0s"})
    stage.storm(UNANSWERED)
    installation = Installation(session, tmp_path, stage.environment)
    said = {"file": str(stage.file), "waiting": waiting}
    run = installation.create_run("run-campaign/run-campaign", said, "order-1")
    wait_until(stage.submits)
    # At the worst moment for those after it: a sweeper has its place, and does not yet live.
    installation.create_run(SWEEPER, {}, "sweep-1")
    wait_until(lambda: installation.runs(SWEEPER, "PENDING"))

    kill_workers(installation)
    stage.storm()
    installation.start_worker("another")

    # Sooner than the place of the dead sweeper would be free by Prefect's defaults.
    wait_until(lambda: stage.log("recovered_unknown"), installation.tails)
    installation.wait_for(run["id"], "Completed")
    assert len(stage.log("recovered_unknown")) == 1
    assert_all_is_well(stage)
    with Ledger.open(stage.database_url) as ledger:
        assert ledger.run_sync(campaigns.get, NAME).state == "completed"
    assert installation.run(run["id"])["run_count"] == 2, "its own run has closed the books"


def kill_workers(installation: Installation) -> None:
    """End the worker and its flow runs without a warning, as when a machine dies."""
    home = f"PREFECT_HOME={installation.home}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            ours = home in (process / "environ").read_bytes().split(b"\0")
        except OSError:  # It has ended.
            continue
        serves = b"server" in words or any(b"leash" in word for word in words)
        if ours and not serves:
            os.kill(int(process.name), signal.SIGKILL)
