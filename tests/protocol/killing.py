"""A runner in a process of its own that is killed at one point of its way, without a warning."""

import asyncio
import functools
import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerContext

from tests.protocol import driver
from tests.protocol.crashes import Point
from tests.protocol.points import WatchedWire
from tests.protocol.world import Place

TIMEOUT = 120.0


class Killer:
    """Ends this process when a point is reached."""

    def __init__(self, point: Point) -> None:
        self._point, self._seen = point, 0

    def __call__(self, name: str) -> None:
        self._seen += name == self._point.name
        if name == self._point.name and self._seen == self._point.nth:
            os.kill(os.getpid(), signal.SIGKILL)


@functools.cache
def _processes() -> ForkServerContext:
    """Children are forks of one process that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tests.protocol.warm"])
    return context


def run_and_kill(place: Place, point: Point) -> bool:
    """Run the campaign in another process until it is killed; False: it came to its end before."""
    child = _processes().Process(target=_run, args=(place, point), daemon=True)
    child.start()
    child.join(TIMEOUT)
    if child.exitcode is None:
        child.kill()
        raise AssertionError(f"a runner that was to be killed at {point} hangs")
    killed = child.exitcode == -signal.SIGKILL
    if not killed and child.exitcode:
        raise AssertionError(f"a runner broke off before {point}: exit code {child.exitcode}")
    child.close()
    return killed


def _run(place: Place, point: Point) -> None:
    asyncio.run(_campaign(place, Killer(point)))


async def _campaign(place: Place, killer: Killer) -> None:
    watched = WatchedWire(place.wire(hook=killer), killer)
    async with place.runtime(watched.connect, at=killer) as runtime:
        await driver.run(runtime, place.file)
