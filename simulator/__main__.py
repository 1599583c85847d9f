"""`python -m simulator --port 8855`: the simulator in the foreground."""

import argparse
import sys
from pathlib import Path

import yaml

from simulator.faults.rules import mixes, read_plan
from simulator.server import base_urls, serve
from simulator.settings import SimulatorSettings


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8855)
    parser.add_argument("--settings", type=Path, help="all settings (YAML or JSON)")
    parser.add_argument("--speed", type=float, help="times faster than life")
    parser.add_argument("--seed", type=int, help="decides how each ring goes")
    parser.add_argument("--mix", choices=sorted(mixes()), help="a ready-made mix of faults")
    parser.add_argument("--faults", type=Path, help="a faults file (YAML or JSON)")
    arguments = parser.parse_args()
    settings = _settings(arguments)
    for provider, url in base_urls(arguments.host, arguments.port).items():
        sys.stdout.write(f"{provider.upper()}_BASE_URL={url}\n")
    sys.stdout.flush()
    serve(settings, arguments.host, arguments.port)


def _settings(arguments: argparse.Namespace) -> SimulatorSettings:
    text = arguments.settings.read_text("utf-8") if arguments.settings else ""
    settings = SimulatorSettings.model_validate(yaml.safe_load(text) or {})
    plan = read_plan(arguments.faults) if arguments.faults else settings.faults
    if arguments.mix:
        plan = plan.model_copy(update={"mixes": (arguments.mix, *plan.mixes)})
    given = {name: getattr(arguments, name) for name in ("speed", "seed")}
    changes = {name: value for name, value in given.items() if value is not None}
    return SimulatorSettings.model_validate(dict(settings) | changes | {"faults": plan})


if __name__ == "__main__":
    main()
