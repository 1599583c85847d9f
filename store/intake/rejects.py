"""The file beside a list that says which of its rows were not imported, and why."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self, TextIO

from platformdirs import user_data_dir

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

    A file of an earlier reading goes; there is none if nothing was rejected. Where the folder may
    not be written, as in a container, it is written to the user's data folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        try:
            return _private(_draft(self.path))
        except OSError:
            folder = Path(user_data_dir("outdial"))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path = folder / self.path.name
            return _private(_draft(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
            _draft(self.path).replace(self.path)
        elif error[0] is None and self.path.exists():
            self.path.unlink()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _private(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Excel takes a file without the mark for its own old encoding.
    return os.fdopen(handle, "w", encoding="utf-8-sig", newline="")


def _cells(reject: Reject) -> Iterable[str]:
    return (str(reject.row_no), *(guard(text) for text in reject[1:]))
