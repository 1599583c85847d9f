"""A long list is read by further processes, and gives what it gives when it is read by one."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from multiprocessing import active_children
from pathlib import Path

import pytest

from campaign.errors import BadInput
from store.intake.opening import open_source
from store.intake.reading import read_recipients
from store.intake.recipe import Recipe
from store.intake.rows import Reject
from store.recipients import NewRecipient
from tests.fixtures.session import until
from tests.intake.lists import spec_of

ROWS = 12_345
ALONE = 1_000
AREAS = range(201, 990)


@pytest.fixture(scope="module")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fictional numbers, good and bad ones, again and again; each row says which it is."""
    file = tmp_path_factory.mktemp("long") / "people.csv"
    with file.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["phone_number", "first_name"])
        for index in range(ROWS):
            number = f"+1{AREAS[index % len(AREAS)]}55501{index % 100:02}"
            writer.writerow([number if index % 1000 else "no number", f"Person {index}"])
    return file


def read(file: Path) -> Generator[NewRecipient | Reject]:
    spec = spec_of(variables={"who": "{first_name}"})
    with open_source(spec.recipients, file.parent) as source:
        yield from read_recipients(spec, source, ALONE)


def test_every_row_comes_once_and_in_its_order(long_list: Path) -> None:
    spec = spec_of(variables={"who": "{first_name}"})
    with open_source(spec.recipients, long_list.parent) as source:
        recipe = Recipe(spec, source.columns, source.name)
        alone = list(map(recipe.read, source.rows(recipe.columns)))

    assert list(read(long_list)) == alone
    assert len(alone) == ROWS
    assert any(isinstance(row, Reject) for row in alone[-1000:])


def test_whoever_reads_no_further_leaves_no_process_behind(long_list: Path) -> None:
    rows = read(long_list)
    for _ in range(8_001):
        next(rows)

    rows.close()

    assert active_children() == []


def test_a_list_that_breaks_off_is_told_where(long_list: Path, tmp_path: Path) -> None:
    broken = tmp_path / "people.csv"
    broken.write_bytes(long_list.read_bytes() + b'"+12015550101,Ann\n')

    with pytest.raises(BadInput) as refused:
        list(read(broken))

    assert refused.value.faults[0].line == ROWS + 2


@pytest.mark.skipif((os.cpu_count() or 1) == 1, reason="a machine with one processor reads alone")
def test_the_processes_of_a_reader_that_is_killed_end(long_list: Path) -> None:
    program = f"""
from multiprocessing import active_children
from pathlib import Path
from tests.intake.test_reading import read
if __name__ == "__main__":
    for number, row in enumerate(read(Path({str(long_list)!r}))):
        if number == 8_000:
            print(*[one.pid for one in active_children()], flush=True)
            input()
"""
    file = long_list.parent / "program.py"
    file.write_text(program)
    with subprocess.Popen(
        [sys.executable, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as reader:
        assert reader.stdout is not None
        started = [int(pid) for pid in reader.stdout.readline().split()]
        reader.send_signal(signal.SIGKILL)

    assert started
    for pid in started:
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), file)
