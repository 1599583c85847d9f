"""A list read from end to end without importing anybody."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from campaign.spec import CampaignSpec
from store.intake.opening import open_source
from store.intake.reading import read_recipients
from store.intake.rejects import RejectsFile
from store.intake.rows import Reject
from store.intake.seen import SeenNumbers
from store.recipients import NewRecipient

SHOWN = 20
"""Rejects that a survey keeps; the file holds all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is in a list. Counts are of rows."""

    list_name: str
    columns: tuple[str, ...]
    note: str
    """How the list is read."""
    listed: int
    accepted: int
    duplicates: int
    """Their number stands further up."""
    rejected: int
    reasons: Mapping[str, int]
    """Rejected rows by column and reason, the most frequent first."""
    providers: Mapping[str, int]
    """Accepted rows by provider."""
    first: NewRecipient | None
    """The first good row."""
    rejects: tuple[Reject, ...]
    """The first rejected rows."""


def survey(
    spec: CampaignSpec,
    base_dir: Path,
    rejects: RejectsFile | None = None,
    meet: Callable[[NewRecipient], None] | None = None,
) -> Survey:
    """Read a campaign's whole list. Raises `BadInput` if the list itself is wrong.

    `meet` is called with everybody who would be imported.
    """
    with open_source(spec.recipients, base_dir) as source:
        counted = _Counted(meet)
        for row in read_recipients(spec, source):
            counted.add(row, rejects)
        return Survey(
            list_name=source.name,
            columns=source.columns,
            note=source.note,
            listed=counted.listed,
            accepted=counted.providers.total(),
            duplicates=counted.listed - counted.reasons.total() - counted.providers.total(),
            rejected=counted.reasons.total(),
            reasons=dict(counted.reasons.most_common()),
            providers={share.provider: counted.providers[share.provider] for share in spec.shares},
            first=counted.first,
            rejects=tuple(counted.rejects),
        )


class _Counted:
    """Counts in flat memory."""

    def __init__(self, meet: Callable[[NewRecipient], None] | None) -> None:
        self._meet = meet
        self.listed = 0
        self.reasons = Counter[str]()
        self.providers = Counter[str]()
        self.first: NewRecipient | None = None
        self.rejects: list[Reject] = []
        self._seen = SeenNumbers()

    def add(self, row: NewRecipient | Reject, file: RejectsFile | None) -> None:
        self.listed += 1
        if isinstance(row, Reject):
            self.reasons[f"{row.column}: {row.reason}" if row.column else row.reason] += 1
            if len(self.rejects) < SHOWN:
                self.rejects.append(row)
            if file is not None:
                file.add(row)
        elif self._seen.is_new(row.phone_number):
            self.first = self.first or row
            self.providers[row.provider] += 1
            if self._meet is not None:
                self._meet(row)
