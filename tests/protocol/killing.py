"""A runner in a process of its own that is killed at one point of its way, without a warning."""

import asyncio
import functools
import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext

from tests.flows.campaigns import APIS
from tests.protocol import driver
from tests.protocol.points import WatchedWire
from tests.protocol.world import Place

TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the way of a runner: the `nth` time that it comes by."""

    name: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Crash:
    """A row of the protocol's table of crashes."""

    point: Point
    under: str = ""
    """A scenario in which a runner comes by; empty: it always does."""
    apis: tuple[str, ...] = tuple(APIS)
    """Whose runners come by."""


_TWO_PHASE = ("vogent",)
_DETAILED = ("bland", "bland-v1", "happyrobot", "vapi")
_LOST = "submit: close after"
_NOT_THERE = "submit: close before"
_THROTTLED = "submit: 429, retry after seconds"

CRASH_TABLE: Mapping[str, Crash] = {
    "c1 after the import, before the plan": Crash(Point("after finish_import")),
    "c2 inside the plan": Crash(Point("inside plan_batch")),
    "c3 after the plan": Crash(Point("after plan_batch")),
    "c4 inside the claim": Crash(Point("inside claim")),
    "c5 after the claim, before connecting": Crash(Point("after claim")),
    "c6 connected, before the wire mark": Crash(Point("before mark_wire")),
    "c6b after the wire mark, before the first byte": Crash(Point("after mark_wire")),
    "c7 the head is written": Crash(Point("headers sent")),
    "c7 the request is written": Crash(Point("body sent")),
    "c8 the answer is in memory": Crash(Point("got submit")),
    "c8b inside the yes": Crash(Point("inside accept")),
    "c8b inside the release": Crash(Point("inside release not_done"), _THROTTLED),
    "c8b inside the doubt": Crash(Point("inside doubt"), _LOST),
    "c8c after the yes": Crash(Point("after accept")),
    "c8c after the release": Crash(Point("after release not_done"), _THROTTLED),
    "c9 after the doubt": Crash(Point("after doubt"), _LOST),
    "c10 what was looked up is in memory": Crash(Point("got find"), _LOST),
    "c10 inside the adoption": Crash(Point("inside accept adopted"), _LOST),
    "c11 after the adoption": Crash(Point("after accept adopted"), _LOST),
    "c11 inside the hold": Crash(
        Point("inside hold"), _NOT_THERE, tuple(api for api in APIS if api not in _TWO_PHASE)
    ),
    "c12 after it was planned again": Crash(Point("after plan_again"), _NOT_THERE, _TWO_PHASE),
    "s1 connected, before the start's mark": Crash(Point("before mark_start"), apis=_TWO_PHASE),
    "s2 inside the start's mark": Crash(Point("inside mark_start"), apis=_TWO_PHASE),
    "s3 after the start's mark": Crash(Point("after mark_start"), apis=_TWO_PHASE),
    "s4 the start is written": Crash(Point("body sent", 2), apis=_TWO_PHASE),
    "s5 the start's answer is in memory": Crash(Point("got start"), apis=_TWO_PHASE),
    "s6 after the start": Crash(Point("after started"), apis=_TWO_PHASE),
    "r1 a page is in memory": Crash(Point("got page")),
    "r2 inside the page": Crash(Point("inside save_page")),
    "r2 inside a later page": Crash(Point("inside save_page", 4)),
    "r3 after the page": Crash(Point("after save_page")),
    "r4 a single call is in memory": Crash(Point("got detail"), apis=_DETAILED),
    "r5 inside a single read": Crash(Point("inside save_detail"), apis=_DETAILED),
    "r6 inside the settlement": Crash(Point("inside settle", 3)),
}
"""Where a runner is killed, as the protocol's table of crashes names it; `s`: the second phase."""


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
