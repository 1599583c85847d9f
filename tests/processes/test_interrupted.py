"""A run that is ended in the middle, by whatever signal, and the one that goes on."""

import signal

import pytest

from simulator.faults.rules import Rule
from simulator.faults.timing import Latency
from tests.processes.stage import Stage, assert_all_is_well

SLOWLY = Rule(routes=["submit"], fault=Latency(when="after", seconds=1))
"""The telephones ring, and the answer is on its way."""
WAVES = {"batch_size": 5, "open_batches": 1, "start_guard": "0s"}


pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.processes)]
)
def test_a_run_that_is_told_to_end_says_how_to_go_on_and_the_next_one_does(
    sqlite_stage: Stage, number: signal.Signals
) -> None:
    stage = sqlite_stage
    stage.write(10, limits=WAVES)
    stage.storm(SLOWLY)
    run = stage.start_run()
    run.until(stage.submits)

    run.signal(number)
    stopped = run.end()

    assert stopped.code == 130, stopped.err
    assert stopped.err.strip().splitlines()[-1] == (
        f"Stopped safely: nobody is called twice. Go on with: outdial run {stage.file}"
    )
    assert "Traceback" not in stopped.err
    assert not stage.everybody_once()
    assert stage.run().code == 0
    assert_all_is_well(stage)


def test_a_run_that_is_killed_with_a_request_under_way_is_gone_on_with(
    sqlite_stage: Stage,
) -> None:
    stage = sqlite_stage
    stage.write(10, limits=WAVES)
    stage.storm(SLOWLY)
    run = stage.start_run()
    run.until(stage.submits)

    run.kill()

    assert stage.run().code == 0
    assert_all_is_well(stage)
    assert len(stage.log("recovered_unknown")) == 1


@pytest.mark.proof
def test_a_pause_of_everything_takes_effect_before_the_next_byte(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.write(20, limits=WAVES)
    run = stage.start_run()
    run.until(stage.submits)

    paused = stage.start("pause", "--all", "--by", "ann", "--reason", "wrong greeting").end()
    sent = len(stage.submits())
    run.until(lambda: stage.log("stopped"))

    assert paused.code == 0
    assert len(stage.submits()) == sent
    assert stage.start("resume", "--all").end().code == 0
    assert run.end().code == 0
    assert_all_is_well(stage)
