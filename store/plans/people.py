"""Whom a plan is about: the people in the ledger, then those whom the list would add."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from campaign.spec import CampaignSpec
from campaign.states import RecipientState
from store.database.columns import table_of
from store.intake.opening import open_source
from store.intake.reading import read_recipients
from store.intake.rows import Reject
from store.intake.seen import SeenNumbers
from store.recipients import NewRecipient
from store.tables import Recipient

_R = table_of(Recipient).c
_CHUNK = 5_000
_SHOWN = 5

IN_THE_CAMPAIGN = "its number is in the campaign already"
_FURTHER_UP = "its number stands further up in the list"


class Person(NamedTuple):
    """One person of the plan, from the ledger or from the list."""

    id: int | None
    """None: not imported yet."""
    phone_number: str
    provider: str
    variables: str
    """JSON, as the ledger keeps it."""
    region: str | None
    timezone: str | None
    jurisdiction: str | None
    postcode: str | None
    country: str | None
    consent: str | None
    consent_date: str | None
    source_row: int
    state: str = RecipientState.READY.value
    reason: str = ""


_COLUMNS = [_R[name] for name in Person._fields]


@dataclass(slots=True)
class Passed:
    """Rows of one kind that are passed over, with the first of them."""

    rows: int = 0
    examples: list[int] = field(default_factory=list[int])
    """Row numbers of the list."""


class Everybody:
    """Everybody in a campaign, chunk by chunk, each number once; to be read once."""

    def __init__(self, spec: CampaignSpec, base_dir: Path | None, campaign_id: str | None) -> None:
        """Without `base_dir` the list is not read, without `campaign_id` the ledger is not."""
        self._spec = spec
        self._base_dir = base_dir
        self._campaign_id = campaign_id
        self.listed = 0
        """Rows of the list read so far."""
        self.passed: dict[str, Passed] = {}
        """By reason: rows of the list that are about nobody, or about nobody new."""

    def chunks(self, db: Connection) -> Iterator[list[Person]]:
        """Yield them all; holds one chunk in memory. Raises `BadInput` for a bad list."""
        seen = SeenNumbers() if self._base_dir is not None else None
        if self._campaign_id is not None:
            for chunk in _imported(db, self._campaign_id):
                if seen is not None:
                    seen.imported(one.phone_number for one in chunk)
                yield chunk
        if self._base_dir is not None and seen is not None:
            yield from self._listed(self._base_dir, seen)

    def _listed(self, base_dir: Path, seen: SeenNumbers) -> Iterator[list[Person]]:
        with open_source(self._spec.recipients, base_dir) as source:
            rows = read_recipients(self._spec, source)
            while chunk := list(islice(rows, _CHUNK)):
                self.listed += len(chunk)
                yield list(self._new(chunk, seen))

    def _new(self, chunk: Sequence[NewRecipient | Reject], seen: SeenNumbers) -> Iterator[Person]:
        good: list[NewRecipient] = []
        for row in chunk:
            if isinstance(row, Reject):
                self._pass(f"{row.column}: {row.reason}" if row.column else row.reason, row.row_no)
            else:
                good.append(row)
        news = seen.new_among([row.phone_number for row in good])
        for row, new in zip(good, news, strict=True):
            if new:
                yield _person(row)
            else:
                imported = seen.was_imported(row.phone_number)
                self._pass(IN_THE_CAMPAIGN if imported else _FURTHER_UP, row.source_row)

    def _pass(self, reason: str, row_no: int) -> None:
        passed = self.passed.setdefault(reason, Passed())
        passed.rows += 1
        if len(passed.examples) < _SHOWN:
            passed.examples.append(row_no)


def _person(row: NewRecipient) -> Person:
    return Person(
        None,
        row.phone_number,
        row.provider,
        msgspec.json.encode(row.variables).decode(),
        row.region,
        row.timezone,
        row.jurisdiction,
        row.postcode,
        row.country,
        row.consent,
        row.consent_date,
        row.source_row,
    )


def _imported(db: Connection, campaign_id: str) -> Iterator[list[Person]]:
    """Read the campaign's people from the ledger, in the order of the list."""
    last = 0
    mine = select(*_COLUMNS).where(_R.campaign_id == campaign_id).order_by(_R.id).limit(_CHUNK)
    while rows := db.execute(mine.where(_R.id > last)).all():
        yield [Person(*row) for row in rows]
        last = rows[-1].id
