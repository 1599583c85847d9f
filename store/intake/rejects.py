"""The file beside a list that says which of its rows were not imported, and why."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self, TextIO

from campaign.spec import CampaignSpec
from store.intake.cells import guard
from store.intake.rows import Reject

_HEADER = ("row", "column", "value", "reason")


def rejects_path(spec: CampaignSpec, folder: Path) -> Path:
    """Return where the rejects of a campaign's list are written: beside the campaign file."""
    source = spec.recipients
    name = Path(source.source).name if source.query is None else spec.name
    return folder / f"{name}.rejects.csv"


class RejectsFile:
    """Written row by row, and put in place at the end: only its owner may read it.

    A file of an earlier reading goes; there is none if nothing was rejected.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}")
        self._file: TextIO | None = None
        self.count = 0

    def add(self, reject: Reject) -> None:
        """Write one row. Raises `OSError`."""
        if self._file is None:
            self._file = self._open()
            csv.writer(self._file).writerow(_HEADER)
        csv.writer(self._file).writerow(_cells(reject))
        self.count += 1

    def _open(self) -> TextIO:
        handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return os.fdopen(handle, "w", encoding="utf-8-sig", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
            self._draft.replace(self.path)
        elif error[0] is None:
            self.path.unlink(missing_ok=True)


def _cells(reject: Reject) -> Iterable[str]:
    return (str(reject.row_no), *(guard(text) for text in reject[1:]))
