"""A clock that stands still until somebody waits or looks."""

import asyncio
from datetime import datetime, timedelta

_TICK = timedelta(milliseconds=1)


class VirtualClock:
    """The time of everybody. Whoever looks moves it on by a little: nothing happens at once."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the present instant."""
        self._now += _TICK
        return self._now

    def peek(self) -> datetime:
        """Return it without moving it on."""
        return self._now

    def skip(self, length: timedelta) -> None:
        """Let time pass."""
        self._now += max(length, timedelta())

    async def sleep(self, length: timedelta) -> None:
        """Wait, which takes no time."""
        self.skip(length)
        await asyncio.sleep(0)
