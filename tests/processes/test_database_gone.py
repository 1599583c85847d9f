"""The database goes away, or has no room left, while a campaign runs."""

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from simulator.faults.rules import Rule
from simulator.faults.timing import Latency
from tests.fixtures.session import Session
from tests.processes.postgres import OwnPostgres
from tests.processes.stage import Stage, assert_all_is_well, staged

MEGABYTES = 24
MOUNT, UNMOUNT = "/bin/mount", "/bin/umount"
SLOWLY = Rule(routes=["submit"], fault=Latency(when="after", seconds=1))

pytestmark = pytest.mark.long


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of some megabytes; only root may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [MOUNT, "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield disk
    subprocess.run([UNMOUNT, "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave not one byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        file.write(bytes(MEGABYTES << 20))  # As much as there is room for.
        with pytest.raises(OSError, match="No space left"):
            file.write(b"x")
    return filler


@pytest.mark.proof
def test_a_full_disk_is_told_and_nothing_leaves_without_its_mark(
    prefect_server: str, tmp_path: Path, small_disk: Path
) -> None:
    with staged(tmp_path, f"sqlite:///{small_disk / 'ledger.db'}") as stage:
        stage.write(15, limits={"batch_size": 5, "open_batches": 1, "start_guard": "0s"})
        stage.storm(SLOWLY)
        run = stage.start_run()
        run.until(stage.submits)

        filler = fill(small_disk)
        ended = run.end()

        assert ended.code == 1, ended.err
        assert str(small_disk / "ledger.db") in ended.err
        assert "Make room there" in ended.err
        assert "Traceback" not in ended.err
        filler.unlink()
        assert stage.unmarked() == []
        again = stage.run()
        assert again.code == 0, again.err
        assert_all_is_well(stage)


@pytest.mark.processes
def test_a_server_that_dies_and_comes_back_costs_no_call_and_no_result(
    prefect_server: str, session: Session, tmp_path: Path
) -> None:
    with (
        OwnPostgres(session) as server,
        staged(tmp_path, server.url) as stage,
    ):
        stage.write(40, limits={"batch_size": 2, "open_batches": 4, "start_guard": "0s"})
        run = stage.start_run()
        for sent in (1, 6, 12):
            run.until(lambda sent=sent: len(stage.submits()) >= sent)
            server.restart_at_once()
        ended = run.end()

        assert ended.code in {0, 1}, ended.err
        assert "Traceback" not in ended.err
        assert_goes_on(stage)
        assert_all_is_well(stage)


def assert_goes_on(stage: Stage) -> None:
    again = stage.run()
    assert again.code == 0, again.err
