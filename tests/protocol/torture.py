"""`python -m tests.protocol.torture`: every fault and every kill, with a report of what came of it.

`make torture` runs it. Each case is one campaign, brought to rest and judged by the invariants.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from campaign.states import SubmissionState
from tests.flows.campaigns import APIS
from tests.protocol import rest
from tests.protocol.databases import Databases
from tests.protocol.faults import scenarios
from tests.protocol.invariants import violations
from tests.protocol.killing import CRASH_TABLE, run_and_kill
from tests.protocol.report import Outcome, write_report
from tests.protocol.world import begin

WORKERS = 2
KILL_UNDER = "submit: close after"
"""A scenario under which every point is tried, besides the one in which it is surely reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One campaign: an API, what goes wrong, where its runners are killed, and its database."""

    api: str
    fault: str
    kills: tuple[str, ...] = ()
    database: str = "sqlite"
    seed: int = 0


def everything(seed: int) -> list[Case]:
    """Every fault and every kill; of PostgreSQL and of double kills a part, drawn by seed."""
    chance = random.Random(seed)
    faults = [Case(api=api, fault=name, seed=seed) for api in APIS for name in scenarios(api)]
    kills = list(_kills(seed))
    doubles = [
        replace(one, kills=(*one.kills, chance.choice(list(CRASH_TABLE))))
        for one in chance.sample(kills, len(kills) // 3)
    ]
    again = [*chance.sample(faults, len(faults) // 10), *chance.sample(kills, len(kills) // 3)]
    everywhere = [replace(one, database="postgresql") for one in again]
    cases = [*faults, *kills, *doubles, *everywhere]
    chance.shuffle(cases)
    return cases


def _kills(seed: int) -> Iterator[Case]:
    for name, crash in CRASH_TABLE.items():
        for api in crash.apis:
            for fault in dict.fromkeys((crash.under, KILL_UNDER)):
                yield Case(api=api, fault=fault, kills=(name,), seed=seed)


async def outcome_of(case: Case, databases: Databases) -> Outcome:
    """Bring one case to rest and judge it."""
    scenario = scenarios(case.api).get(case.fault)
    begun, landed, complaints, held, submissions = time.monotonic(), 0, list[str](), 0, 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(databases.empty(case.database, folder))
        people = 4 if case.kills else 6
        world = stack.enter_context(begin(case.api, folder, url, people=people))
        if scenario is not None:
            world.wire.patience = scenario.patience
            world.storm(scenario.rules, case.seed)
        try:
            for name in case.kills:
                landed += run_and_kill(world.place, CRASH_TABLE[name].point)
            seen = await rest.to_the_end(world, killed=bool(case.kills))
        except Exception as error:  # noqa: BLE001 - what breaks off is what we look for
            complaints = [f"broke off: {type(error).__name__}: {error}"[:300]]
        else:
            complaints = violations(seen) + _not_reached(case, landed)
            states = [one.state for one in seen.books.submissions]
            held, submissions = states.count(SubmissionState.HELD.value), len(states)
    return Outcome(
        **asdict(case),
        landed=landed,
        complaints=tuple(complaints),
        held=held,
        submissions=submissions,
        seconds=time.monotonic() - begun,
    )


def _not_reached(case: Case, landed: int) -> list[str]:
    """A kill that cannot land proves nothing."""
    surely = len(case.kills) == 1 and CRASH_TABLE[case.kills[0]].under in {"", case.fault}
    return ["the runner was not killed"] if surely and not landed else []


def work(cases: Sequence[Case], out: Path, until: float) -> None:
    """Go through some cases, one line of JSON for each."""
    with Databases() as databases, out.open("w") as lines:
        for case in cases:
            if time.time() > until:
                return
            outcome = asyncio.run(outcome_of(case, databases))
            lines.write(json.dumps(asdict(outcome)) + "\n")
            lines.flush()
            if outcome.complaints:
                sys.stdout.write(
                    f"{outcome.title}\n" + "".join(f"    {c}\n" for c in outcome.complaints)
                )
                sys.stdout.flush()


def main() -> None:
    """Split the cases over some processes, and report."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--report", type=Path, default=Path("torture-report.md"))
    parser.add_argument("--share", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    cases = everything(said.seed)
    if said.share is not None:
        mine = cases[int(said.share) :: WORKERS]
        work(mine, said.out, time.time() + said.minutes * 60)
        return
    sys.stdout.write(f"{len(cases)} cases, seed {said.seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / f"{share}.jsonl" for share in range(WORKERS)]
        options = ["--seed", str(said.seed), "--minutes", str(said.minutes)]
        command = [sys.executable, "-m", "tests.protocol.torture", *options]
        workers = [
            subprocess.Popen([*command, "--share", str(share), "--out", str(out)])
            for share, out in enumerate(outs)
        ]
        codes = [worker.wait() for worker in workers]
        outcomes = [Outcome.read(line) for out in outs if out.exists() for line in out.open()]
    write_report(said.report, outcomes, planned=len(cases), seed=said.seed)
    sys.exit(1 if any(codes) or any(one.complaints for one in outcomes) else 0)


if __name__ == "__main__":
    main()
