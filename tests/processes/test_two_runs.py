"""Two programs at work on one campaign at the same time."""

import pytest

from tests.processes.stage import Stage, assert_all_is_well

pytestmark = pytest.mark.long


@pytest.mark.processes
def test_two_runs_that_are_started_together_ring_everybody_once(stage: Stage) -> None:
    stage.write(10)

    runs = [stage.start_run() for _ in range(2)]

    assert [run.end().code for run in runs] == [0, 0], [run.told() for run in runs]
    assert_all_is_well(stage)


@pytest.mark.processes
def test_a_run_that_is_started_over_a_running_one_rings_nobody_again(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.write(15, limits={"batch_size": 5, "open_batches": 2, "start_guard": "0s"})

    first = stage.start_run()
    first.until(stage.submits)
    second = stage.start_run()

    assert [run.end().code for run in (first, second)] == [0, 0], first.told() + second.told()
    assert_all_is_well(stage)


@pytest.mark.proof
def test_while_a_run_is_at_work_others_may_look_and_export(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.write(15)
    at_work = stage.start_run()
    at_work.until(stage.submits)

    looked = [
        program.end()
        for program in [
            stage.start("status", "proof"),
            stage.start("export", "proof", "--output", stage.folder / "calls.csv"),
            stage.start("status", "--json"),
        ]
    ]

    assert [one.code for one in looked] == [0, 0, 0], looked
    assert not any("locked" in one.err for one in looked)
    assert at_work.end().code == 0
    assert_all_is_well(stage)
