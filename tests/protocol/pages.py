"""Pages that the ledger has taken in, as they came over the wire; runners that are killed, too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, select

from campaign.calls import Page
from store.database.columns import table_of
from store.tables import Batch

_BATCH = table_of(Batch)
_BYTES = "latin-1"
"""Any byte is a character of it, and the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPage(Page):
    """A page, and the answers that the adapter made it of."""

    answers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPage:
    """A page behind which the ledger's place in the list has moved."""

    batch_id: str
    answers: tuple[bytes, ...]
    """What was completely delivered for it."""
    rows: tuple[bytes, ...]
    """What the adapter gave out of it."""

    @classmethod
    def read(cls, line: str) -> Self:
        """Read it from JSON."""
        batch_id, *parts = json.loads(line)
        answers, rows = (tuple(text.encode(_BYTES) for text in part) for part in parts)
        return cls(batch_id=batch_id, answers=answers, rows=rows)

    def write(self) -> str:
        """Write it as JSON."""
        parts = [[raw.decode(_BYTES) for raw in part] for part in (self.answers, self.rows)]
        return json.dumps([self.batch_id, *parts])


class PageLog:
    """A file to which every runner, in whichever process, adds the pages that it saw taken."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, batch_id: str, page: ServedPage) -> None:
        """Write one down."""
        rows = tuple(row.raw for row in page.calls)
        taken = TakenPage(batch_id=batch_id, answers=page.answers, rows=rows)
        with self._file.open("a") as file:
            file.write(f"{taken.write()}\n")

    def __iter__(self) -> Iterator[TakenPage]:
        """Yield them, in order."""
        if self._file.exists():
            yield from map(TakenPage.read, self._file.read_text().splitlines())


def place_in_the_list(db: Connection, batch_id: str) -> Row[Any]:
    """Where the sweep of a batch stands."""
    query = select(_BATCH.c.cursor, _BATCH.c.round).where(_BATCH.c.id == batch_id)
    return db.execute(query).one()
