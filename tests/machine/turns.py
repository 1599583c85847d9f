"""Several runners at once, one at a time: who goes on from where they wait is drawn by a seed."""

import asyncio
from collections.abc import Sequence
from random import Random

_QUIET = 25
"""Turns of the event loop after which everybody waits at a point, or has ended."""
_POINTS_AT_MOST = 100_000


class Turns:
    """Whoever comes by a point waits there until it is their turn."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._waiting: list[asyncio.Future[None]] = []

    async def take(self) -> None:
        """Wait for one's turn."""
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        await mine

    async def until_done(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Let one after the other go on to its next point, until all are done; raise if one did."""
        for _ in range(_POINTS_AT_MOST):
            for _ in range(_QUIET):
                await asyncio.sleep(0)
            waiting = [one for one in self._waiting if not one.done()]
            if waiting:
                chosen = self._chance.choice(waiting)
                self._waiting = [one for one in waiting if one is not chosen]
                chosen.set_result(None)
            elif all(task.done() for task in tasks):
                await asyncio.gather(*tasks)
                return
        raise AssertionError("the runners get nowhere")
