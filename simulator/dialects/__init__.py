"""The five providers' APIs, each in a module or package of its own name.

To add one: write `dialects/<provider>/` with a class that satisfies `simulator.dialect.Dialect` and
a pydantic model of its switches; add the model as a field to `SimulatorSettings`, and one line to
`DIALECTS`.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from simulator.dialect import Dialect, World
from simulator.settings import SimulatorSettings

Maker: TypeAlias = Callable[[World, SimulatorSettings], Dialect]

DIALECTS: Sequence[Maker] = ()
"""Makers of the dialects, called anew at every reset."""
