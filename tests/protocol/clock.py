"""A clock that stands still until somebody waits, shared by all processes of a test.

Waiting takes no time: it moves the clock on for everybody, the simulator included.
"""

import asyncio
import fcntl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_MOMENT = struct.Struct("q")
_MICROSECONDS = 1_000_000
_TICK = timedelta(microseconds=100)
"""What passes whenever a runner looks at the clock, so that nothing happens at the same
moment as what it follows from."""


class SharedTime:
    """Microseconds since the epoch, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def starting(cls, file: Path, start: datetime) -> "SharedTime":
        """Make the file."""
        file.write_bytes(_MOMENT.pack(round(start.timestamp() * _MICROSECONDS)))
        return cls(file)

    def now(self) -> float:
        """Seconds since the epoch, as the simulator's clock tells them."""
        return self._read() / _MICROSECONDS

    def skip(self, length: timedelta) -> datetime:
        """Move on for everybody, and return the time; never back."""
        with self._file.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            moved = _MOMENT.unpack(file.read())[0] + max(length // timedelta(microseconds=1), 0)
            file.seek(0)
            file.write(_MOMENT.pack(moved))
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moved)

    def _read(self) -> int:
        return _MOMENT.unpack(self._file.read_bytes())[0]


class RunnerClock:
    """The runner's view of it."""

    def __init__(self, time: SharedTime) -> None:
        self._time = time

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return self._time.skip(_TICK)

    async def sleep(self, length: timedelta) -> None:
        """Wait, which takes no time."""
        self._time.skip(length)
        await asyncio.sleep(0)
