"""A runner that dies within this process, at one point of its way.

From then on it can neither write to the ledger nor go on: whatever it still tries dies, too.
"""

from collections.abc import Callable
from contextlib import suppress

from tests.protocol import driver
from tests.protocol.world import World


class Died(BaseException):
    """The runner is no more. No `Exception`, which somebody might want to handle."""


class Death:
    """Comes at the first point for which `now` says so."""

    def __init__(self, now: Callable[[str], bool]) -> None:
        self._now = now
        self.came = False

    def __call__(self, point: str) -> None:
        self.came = self.came or self._now(point)
        if self.came:
            raise Died


async def run_and_die(world: World, now: Callable[[str], bool]) -> None:
    """Run the world's campaign up to the point at which the runner dies."""
    death = Death(now)
    world.wire.hook = death
    with suppress(Died, BaseExceptionGroup):
        async with world.runtime(at=death) as runtime:
            await driver.run(runtime, world.file)
    world.wire.hook = None
    assert death.came, "the runner did not come by"
