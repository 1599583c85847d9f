"""Lists to read, and the shortest way to read them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign.errors import BadInput, Fault
from campaign.spec import CampaignSpec, RecipientSource
from store.intake.opening import open_source
from store.intake.rows import Reject, SourceRow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spec_of(**more: object) -> CampaignSpec:
    """A campaign over one list; `more` goes into `recipients`, save `variables` and `provider`."""
    top = {key: more.pop(key) for key in ("variables", "provider", "name") if key in more}
    block = {"source": "people.csv", "country": "US"} | more
    return CampaignSpec.model_validate(
        {"name": "spring", "provider": "vogent", "recipients": block} | top
    )


def write(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def stream(
    path: Path, columns: Sequence[str] | None = None, **options: str
) -> Iterator[SourceRow | Reject]:
    source = RecipientSource.model_validate({"source": path.name} | options)
    with open_source(source, path.parent) as opened:
        yield from opened.rows(opened.columns if columns is None else columns)


def read_all(
    path: Path, columns: Sequence[str] | None = None, **options: str
) -> list[SourceRow | Reject]:
    return list(stream(path, columns, **options))


def values_of(rows: Sequence[SourceRow | Reject]) -> list[dict[str, str]]:
    assert [row for row in rows if isinstance(row, Reject)] == []
    return [dict(row.values) for row in rows if isinstance(row, SourceRow)]


def refusal(path: Path, **options: str) -> Fault:
    """What is wrong with a list that cannot be read."""
    with pytest.raises(BadInput) as raised:
        read_all(path, **options)
    return raised.value.faults[0]
