"""`outdial demo`: the whole of outdial in about a minute, with nothing set up."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import click
import httpx

from outdial.example import PEOPLE, write_example
from outdial.export import write
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.loading import load
from outdial.terminal import Column, print_table, say
from outdial.verbs.run import run_loaded
from outdial.verdict import Comparison, compare
from simulator.faults.rules import FaultPlan, mixes
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store.ledger import Ledger
from store.reports import results

_SEED = 7
_ANOTHER = "The simulated telephones are gone; for another demo: outdial demo"


@click.command(epilog="Example: outdial demo --mix rough")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the campaign, its database and its results; by default ./outdial-demo-N.",
)
@click.option("--mix", type=click.Choice(sorted(mixes())), default="calm", show_default=True)
@click.option("--speed", type=click.FloatRange(min=1), default=60.0, show_default=True)
@click.option("--people", type=click.IntRange(1, PEOPLE), default=PEOPLE, show_default=True)
@click.pass_context
def command(
    context: click.Context, folder: Path | None, mix: str, speed: float, people: int
) -> None:
    """Run an example campaign over all five providers, against simulated telephones.

    Nothing is set up, nobody is called, no account is needed. At the end the results are held
    against what the simulated telephone network knows. --mix adds bad weather: lost answers,
    cut connections, time-outs.
    """
    folder = _folder(folder)
    campaign = write_example(folder, folder.name.lower().replace("_", "-"), people)
    plan = FaultPlan(seed=_SEED, mixes=(mix,))
    settings = SimulatorSettings(seed=_SEED, speed=speed, faults=plan)
    with start_in_thread(settings) as simulator:
        _point_at(simulator, folder)
        say(f"{people} people who do not exist, five providers that are simulated ({folder})")
        agrees = _run(campaign, folder, simulator)
    context.exit(DONE if agrees else NEEDS_ATTENTION)


def _run(campaign: Path, folder: Path, simulator: RunningSimulator) -> bool:
    with Ledger.open() as ledger:
        said = run_loaded(ledger, load(campaign), go_on=_ANOTHER)
        with ledger.reading() as db:
            found = said.campaign.id
            write(folder / "calls.csv", "csv", results.CALL_COLUMNS, results.calls(db, found))
            compared = compare(_rings(simulator), db, found)
    _print(compared)
    say(f"Results: {folder / 'calls.csv'}   database: {folder / 'outdial.db'}")
    url = os.environ["OUTDIAL_DATABASE_URL"]
    say(f"Look around: outdial status {said.campaign.name} --database-url {url}")
    return compared.agrees and said.books.closes


def _print(compared: Comparison) -> None:
    columns = [Column("provider")]
    columns += [
        Column(title, right=True) for title in ("rung", "in the ledger", "answered", "reached")
    ]
    rows = [
        (line.provider, line.rung, line.recorded, line.answered, line.reached)
        for line in compared.lines
    ]
    say("What the simulated network knows (rung, answered) beside what the ledger says:")
    print_table(columns, rows)
    rung = sum(line.rung for line in compared.lines)
    if compared.agrees:
        say(
            f"Every one of {rung} calls to {compared.telephones} telephones is in the ledger, once."
        )
    else:
        say(f"{compared.differing} calls differ; {compared.overlapping} rang a busy telephone.")


def _rings(simulator: RunningSimulator) -> list[dict[str, Any]]:
    answer = httpx.get(f"{simulator.url}/__ledger", timeout=60)
    answer.raise_for_status()
    rings: list[dict[str, Any]] = answer.json()["rings"]
    return rings


def _point_at(simulator: RunningSimulator, folder: Path) -> None:
    """Let everything in this process call the simulator, whatever the user has set."""
    for name, url in simulator.base_urls.items():
        os.environ[f"{name.upper()}_BASE_URL"] = url
        os.environ[f"{name.upper()}_API_KEY"] = "test-key"
    os.environ["OUTDIAL_DATABASE_URL"] = f"sqlite:///{folder.absolute() / 'outdial.db'}"


def _folder(chosen: Path | None) -> Path:
    """Make the folder; without a choice one that is not there yet, as each demo is new."""
    folder = chosen or next(
        path for number in count(1) if not (path := Path(f"outdial-demo-{number}")).exists()
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder
