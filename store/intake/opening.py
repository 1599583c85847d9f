"""Any kind of list behind one door."""

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from campaign.errors import BadInput, Fault
from campaign.spec import RecipientSource
from store.intake.queries import open_query
from store.intake.rows import Source

_ENVIRONMENT = "env:"
_READERS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
    ".jsonl": "jsonlines",
    ".ndjson": "jsonlines",
    ".parquet": "columnar",
    ".xlsx": "sheets",
}
"""The module for each kind of file; loaded when needed, as pyarrow and openpyxl cost memory."""


@contextmanager
def open_source(source: RecipientSource, base_dir: Path) -> Generator[Source]:
    """Open a campaign's list; paths in it start at `base_dir`. Raises `BadInput`."""
    with _opened(source, base_dir) as opened:
        yield opened


def _opened(source: RecipientSource, base_dir: Path) -> AbstractContextManager[Source]:
    if source.query is not None:
        return open_query(_url(source.source), source.query, base_dir)
    if "://" in source.source:
        message = "the source is a database URL, and there is no query"
        raise BadInput(message, [Fault(message, "Add `query: SELECT ...` to recipients.")])
    path = _file(source.source, base_dir)
    kind = path.suffix.lower()
    if kind not in _READERS:
        message = f"a list of the kind {kind or path.name!r} cannot be read"
        raise BadInput(message, [Fault(message, f"Known are {', '.join(_READERS)}.", path.name)])
    reader = import_module(f"store.intake.{_READERS[kind]}")
    opened: AbstractContextManager[Source] = reader.open_list(path, source)
    return opened


def _url(text: str) -> str:
    """A URL may hold a password: `env:NAME` keeps it out of the campaign file."""
    if not text.startswith(_ENVIRONMENT):
        return text
    name = text.removeprefix(_ENVIRONMENT)
    said = os.environ.get(name, "").strip()
    if not said:
        message = f"the environment variable {name} is not set"
        raise BadInput(message, [Fault(message, "Set it to the database's URL.")])
    return said


def _file(name: str, base_dir: Path) -> Path:
    path = base_dir / Path(name).expanduser()
    if path.is_file():
        if os.access(path, os.R_OK):
            return path
        message = f"the list {name} may not be read by this user"
        raise BadInput(message, [Fault(message, "Give this user the right to read it.")])
    if path.exists():
        message = f"{name} is not a file"
        raise BadInput(message, [Fault(message, "Name the list itself.")])
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=1, cutoff=0.6)
    message = f"there is no list {name}"
    remedy = f"Was {near[0]!r} meant?" if near else f"Paths start at {base_dir}."
    raise BadInput(message, [Fault(message, remedy)])
