"""The clock that everything runs by; tests bring their own."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        ...

    async def sleep(self, length: timedelta) -> None:
        """Wait; at once if `length` is not above zero."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, length: timedelta) -> None:
        """Wait by the event loop's clock, which a corrected wall clock does not disturb."""
        await asyncio.sleep(max(length.total_seconds(), 0))
