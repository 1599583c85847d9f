"""What has been received before, as far back as there is room."""

from collections import OrderedDict


class Seen:
    """Remembers the last names that it was asked about."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._names: OrderedDict[bytes, None] = OrderedDict()

    def again(self, name: bytes) -> bool:
        """Whether it was asked about this name before; it is remembered."""
        known = name in self._names
        self._names[name] = None
        self._names.move_to_end(name)
        if len(self._names) > self._room:
            self._names.popitem(last=False)
        return known
