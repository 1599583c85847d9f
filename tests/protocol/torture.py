"""`python -m tests.protocol.torture`: every fault and every kill, with a report of what came of it.

`make torture` runs it. Each trial is one campaign, brought to rest and judged by the invariants.
With `--results FILE` it goes on where it was left: only what has not been tried, or was complained
of, is tried.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.protocol.databases import Databases
from tests.protocol.outcomes import outcome_of, outcomes_in
from tests.protocol.report import write_report
from tests.protocol.trials import Trial, choose, everything


def main() -> None:
    """Split what is to be tried over some processes, and report. Exits 1 if anything is wrong."""
    said = _parser().parse_args()
    if said.share:
        shared = map(Trial.read, said.share.read_text().splitlines())
        _work(shared, said.results, time.time() + said.minutes * 60)
        return
    planned = choose(everything(said.seed), said.only, said.sample, said.seed)
    with tempfile.TemporaryDirectory() as folder:
        results: Path = said.results or Path(folder) / "results.jsonl"
        good = {one.trial for one in outcomes_in(results) if not one.complaints}
        left = [one for one in planned if one not in good]
        _tell(f"{len(planned)} trials, {len(left)} left to try, seed {said.seed}")
        _spread(left, results, Path(folder), workers=said.workers, minutes=said.minutes)
        wanted = set(planned)
        outcomes = [one for one in outcomes_in(results) if one.trial in wanted]
    write_report(said.report, outcomes, planned=planned, seed=said.seed)
    _tell(f"{len(outcomes)} of {len(planned)} tried; see {said.report}")
    sys.exit(1 if any(one.complaints for one in outcomes) else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=24 * 60, help="stop after so many")
    parser.add_argument(
        "--only", action="append", default=[], help="a part of the title; repeat it to narrow"
    )
    parser.add_argument("--sample", type=int, help="only so many, drawn by seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--results", type=Path, help="a file to keep results in, and to go on from")
    parser.add_argument("--report", type=Path, default=Path("torture-report.md"))
    parser.add_argument("--share", type=Path, help=argparse.SUPPRESS)
    return parser


def _spread(
    trials: Sequence[Trial], results: Path, folder: Path, *, workers: int, minutes: float
) -> None:
    """Give every worker its share, and wait for all of them."""
    running: list[subprocess.Popen[bytes]] = []
    for number in range(workers):
        share = folder / f"{number}.jsonl"
        share.write_text("".join(f"{one.write()}\n" for one in trials[number::workers]))
        command = [sys.executable, "-m", "tests.protocol.torture", "--share", str(share)]
        options = ["--results", str(results), "--minutes", str(minutes)]
        running.append(subprocess.Popen([*command, *options]))
    codes = [worker.wait() for worker in running]
    if any(codes):
        sys.exit("a worker broke off")


def _work(trials: Iterator[Trial], results: Path, until: float) -> None:
    """Try some, and add one line of JSON for each."""
    with Databases() as databases, results.open("a") as lines:
        for trial in trials:
            if time.time() > until:
                return
            outcome = asyncio.run(outcome_of(trial, databases))
            lines.write(f"{outcome.write()}\n")
            lines.flush()
            if outcome.complaints:
                _tell(trial.title, *(f"    {complaint}" for complaint in outcome.complaints))


def _tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
