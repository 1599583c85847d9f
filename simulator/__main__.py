"""`python -m simulator --port 8855`: the simulator in the foreground."""

import argparse
from pathlib import Path

from simulator.faults.rules import FaultPlan, mixes, read_plan
from simulator.server import serve
from simulator.settings import SimulatorSettings


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8855)
    parser.add_argument("--speed", type=float, default=1.0, help="times faster than life")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mix", choices=sorted(mixes()), help="a ready-made mix of faults")
    parser.add_argument("--faults", type=Path, help="a faults file (YAML or JSON)")
    arguments = parser.parse_args()
    plan = read_plan(arguments.faults) if arguments.faults else FaultPlan()
    if arguments.mix:
        plan = plan.model_copy(update={"mixes": (arguments.mix, *plan.mixes)})
    settings = SimulatorSettings(speed=arguments.speed, seed=arguments.seed, faults=plan)
    serve(settings, arguments.host, arguments.port)


if __name__ == "__main__":
    main()
