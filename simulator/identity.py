"""Ids as the providers make them."""

from random import Random, SystemRandom
from uuid import UUID

from simulator.clock import Clock


class Identity:
    """A source of ids: random, or the same after every start when a seed is given.

    Random is the default of a server: a client's database must not meet the ids of its last run
    again.
    """

    def __init__(self, clock: Clock, seed: str | None = None) -> None:
        self._clock = clock
        self._random: Random = SystemRandom() if seed is None else Random(seed)

    def uuid4(self) -> str:
        """A random UUID."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def uuid7(self) -> str:
        """A UUID that sorts by the time it was made."""
        milliseconds = int(self._clock.now() * 1000)
        bits = (milliseconds << 80) | self._random.getrandbits(76)
        return str(UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62)))

    def hexadecimal(self, length: int) -> str:
        """Lower-case hexadecimal digits, such as the 24 of an ObjectId."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"
