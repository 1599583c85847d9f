"""The table of the dialects that are spoken."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from simulator.dialect import Dialect, World
from simulator.dialects.vogent.dialect import Vogent
from simulator.settings import SimulatorSettings

Maker: TypeAlias = Callable[[World, SimulatorSettings], Dialect]

DIALECTS: Sequence[Maker] = (lambda world, settings: Vogent(world, settings.vogent),)
"""Makers of the dialects, called anew at every reset."""
