"""The table of the dialects that are spoken."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from simulator.dialect import Dialect, World
from simulator.dialects.bland.dialect import Bland
from simulator.dialects.happyrobot.dialect import HappyRobot
from simulator.dialects.vapi.dialect import Vapi
from simulator.dialects.vocode.dialect import Vocode
from simulator.dialects.vogent.dialect import Vogent
from simulator.settings import SimulatorSettings

Maker: TypeAlias = Callable[[World, SimulatorSettings], Dialect]

DIALECTS: Sequence[Maker] = (
    lambda world, settings: Vogent(world, settings.vogent),
    lambda world, settings: Bland(world, settings.bland),
    lambda world, settings: HappyRobot(world, settings.happyrobot),
    lambda world, settings: Vapi(world, settings.vapi),
    lambda world, settings: Vocode(world, settings.vocode),
)
"""Makers of the dialects, called anew at every reset."""
