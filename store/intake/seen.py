"""Which numbers of a list were met already, in flat memory."""

import sqlite3
from collections.abc import Iterable, Sequence

_REMEMBER = (
    "INSERT OR IGNORE INTO seen SELECT value, FALSE FROM json_each(?) WHERE TRUE RETURNING digits"
)


class SeenNumbers:
    """E.164 numbers, each with what it was first met as, in a temporary file of SQLite's."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (digits INTEGER PRIMARY KEY, imported INTEGER)")
        self._db.execute("BEGIN")

    def imported(self, numbers: Iterable[str]) -> None:
        """Remember numbers of the ledger."""
        rows = ((int(number), True) for number in numbers)
        self._db.executemany("INSERT INTO seen VALUES (?, ?)", rows)

    def new_among(self, numbers: Sequence[str]) -> list[bool]:
        """Remember numbers of the list; True: met here for the first time. Many are faster."""
        added = self._db.execute(_REMEMBER, (f"[{','.join(numbers).replace('+', '')}]",))
        new = {digits for (digits,) in added}
        return [_taken(new, int(number)) for number in numbers]

    def is_new(self, number: str) -> bool:
        """Remember a number of the list; False: it was met before."""
        row = (int(number), False)
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount == 1

    def was_imported(self, number: str) -> bool:
        """A number that was met before was one of the ledger."""
        query = "SELECT imported FROM seen WHERE digits = ?"
        [imported] = self._db.execute(query, (int(number),)).fetchone()
        return bool(imported)


def _taken(numbers: set[int], number: int) -> bool:
    if number not in numbers:
        return False
    numbers.remove(number)  # It may stand in the same part of the list once more.
    return True
