"""A runner that is stopped in the middle of a submit, for longer than its lease, and woken up."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from simulator.faults.rules import Rule
from simulator.faults.timing import Latency
from tests.processes.gate import gated
from tests.processes.program import wait_until
from tests.processes.stage import Stage, assert_all_is_well

LEASE = "1s"
SLOWLY = Rule(routes=["submit"], fault=Latency(when="after", seconds=2))

pytestmark = pytest.mark.long


def lease_is_over(stage: Stage) -> bool:
    return all(one.lease_until < datetime.now(UTC) for one in stage.submissions("intent"))


@pytest.mark.proof
def test_on_one_machine_a_runner_that_sleeps_keeps_what_it_has_begun(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.write(5)
    stage.storm(SLOWLY)
    asleep = stage.start_run(OUTDIAL_LEASE=LEASE)
    asleep.until(stage.submits)
    asleep.signal(signal.SIGSTOP)
    other = stage.start_run(OUTDIAL_LEASE=LEASE)
    other.until(lambda: stage.runs_of_batches() == 2 and lease_is_over(stage))

    assert len(stage.submissions("intent")) == 1
    asleep.signal(signal.SIGCONT)

    assert [run.end().code for run in (asleep, other)] == [0, 0], asleep.told() + other.told()
    assert len(stage.submits()) == 1
    assert stage.log("recovered_unknown", "recovered_planned") == []
    assert_all_is_well(stage)


@pytest.mark.processes
def test_a_runner_elsewhere_that_wakes_after_its_request_was_taken_over_changes_nothing(
    postgres_stage: Stage, tmp_path: Path
) -> None:
    stage = postgres_stage
    stage.write(5)
    stage.storm(SLOWLY)
    asleep = stage.start_run(OUTDIAL_LEASE=LEASE, XDG_STATE_HOME=str(tmp_path / "one machine"))
    asleep.until(stage.submits)
    asleep.signal(signal.SIGSTOP)
    wait_until(lambda: lease_is_over(stage))

    taken_over = stage.run(OUTDIAL_LEASE=LEASE, XDG_STATE_HOME=str(tmp_path / "another"))
    assert taken_over.code == 0, taken_over.err
    assert_all_is_well(stage)
    asleep.signal(signal.SIGCONT)

    assert asleep.end().code == 0, asleep.told()
    assert len(stage.submits()) == 1
    assert len(stage.log("recovered_unknown")) == 1
    assert_all_is_well(stage)


@pytest.mark.processes
def test_a_runner_elsewhere_that_wakes_before_its_first_byte_sends_none(
    postgres_stage: Stage, tmp_path: Path
) -> None:
    stage = postgres_stage
    stage.write(5)
    direct = stage.simulator.base_urls["bland"]
    port = make_url(direct).port
    assert port is not None
    with gated(port) as gate:
        asleep = stage.start_run(
            OUTDIAL_LEASE=LEASE,
            XDG_STATE_HOME=str(tmp_path / "one machine"),
            BLAND_BASE_URL=direct.replace(str(port), str(gate.port)),
        )
        asleep.until(lambda: stage.submissions("intent"))
        asleep.signal(signal.SIGSTOP)
        gate.open()
        wait_until(lambda: lease_is_over(stage))

        taken_over = stage.run(OUTDIAL_LEASE=LEASE, XDG_STATE_HOME=str(tmp_path / "another"))
        assert taken_over.code == 0, taken_over.err
        asleep.signal(signal.SIGCONT)

        assert asleep.end().code == 0, asleep.told()
    assert len(stage.submits()) == 1
    assert len(stage.log("recovered_planned")) == 1
    assert_all_is_well(stage)
