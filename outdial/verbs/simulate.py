"""`outdial simulate`: the simulator as a server."""

import threading
from dataclasses import replace
from pathlib import Path

import click
from pydantic import ValidationError

from campaign.document.complaints import complaints
from campaign.document.nodes import compose
from campaign.errors import BadInput, Fault
from outdial.loading import text_of
from outdial.terminal import say
from simulator.faults.rules import FaultPlan, mixes
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings


@click.command(epilog="Example: outdial simulate --port 8855 --mix rough --speed 20")
@click.option("--port", type=click.IntRange(0, 65535), default=8855, show_default=True)
@click.option(
    "--faults", type=click.Path(path_type=Path), help="A faults file: what goes wrong, and when."
)
@click.option("--mix", type=click.Choice(sorted(mixes())), help="A ready-made mix of faults.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times faster than life the telephones ring.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides how each ring goes.")
def command(port: int, faults: Path | None, mix: str | None, speed: float, seed: int) -> None:
    """Serve all five providers' APIs over a simulated telephone network, until interrupted.

    It accepts the key `test-key`, shows who was rung at /__ledger and its figures at /__stats.
    """
    settings = SimulatorSettings(seed=seed, speed=speed, faults=_plan(faults, mix))
    try:
        with start_in_thread(settings, port=port) as running:
            _introduce(running)
            threading.Event().wait()
    except OSError as error:
        message = f"port {port} cannot be used ({error.strerror})"
        remedy = "Choose another by --port; 0 takes any that is free."
        raise BadInput(message, [Fault(message, remedy)]) from None
    except KeyboardInterrupt:
        say("The simulator has ended.")


def _introduce(running: RunningSimulator) -> None:
    say(f"The simulator answers at {running.url} until Ctrl-C. To call through it:")
    for name, url in running.base_urls.items():
        say(f"export {name.upper()}_BASE_URL={url} {name.upper()}_API_KEY=test-key")
    say(f"Who was rung: {running.url}/__ledger   figures: {running.url}/__stats")


def _plan(faults: Path | None, mix: str | None) -> FaultPlan:
    plan = FaultPlan() if faults is None else _read_plan(faults)
    return plan if mix is None else plan.model_copy(update={"mixes": (mix, *plan.mixes)})


def _read_plan(path: Path) -> FaultPlan:
    tree = compose(text_of(path, "faults file"))
    wrong = list(tree.faults)
    if not wrong:
        try:
            return FaultPlan.model_validate(tree.data)
        except ValidationError as error:
            wrong = complaints(error, tree, model=FaultPlan)
    raise BadInput(f"{path.name} has faults", [replace(fault, source=path.name) for fault in wrong])
