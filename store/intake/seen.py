"""Which numbers of a list were met already, in flat memory."""

import sqlite3
from collections.abc import Iterable


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

    def is_new(self, number: str) -> bool:
        """Remember a number of the list; False: it was met before."""
        row = (int(number), False)
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount == 1

    def was_imported(self, number: str) -> bool:
        """A number that was met before was one of the ledger."""
        query = "SELECT imported FROM seen WHERE digits = ?"
        [imported] = self._db.execute(query, (int(number),)).fetchone()
        return bool(imported)
