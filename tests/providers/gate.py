"""A fence that remembers."""


class Gate:
    """A fence that remembers how often it was asked."""

    def __init__(self, stop: Exception | None = None) -> None:
        self._stop = stop
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        if self._stop is not None:
            raise self._stop
