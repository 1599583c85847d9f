import csv
import os
import stat
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import text

from campaign.errors import BadInput
from campaign.spec import CampaignSpec
from store import campaigns
from store.intake import importing
from store.intake.importing import Imported, import_recipients
from store.intake.surveying import survey
from store.ledger import Ledger
from tests.intake.lists import NOW, spec_of, write

LIST = """\
name,phone_number
Ada,+13125550101
Grace,312-555-0102
=Nobody,12
,+13125550103
Ada again,(312) 555-0101
Alan,+13125550104
"""
SPLIT = [{"provider": "vogent", "share": 0.5}, {"provider": "vapi", "share": 0.5}]


@pytest.fixture
def ledger(database_url: str) -> Generator[Ledger]:
    with Ledger.open(database_url) as opened:
        yield opened


@pytest.fixture
def spec(tmp_path: Path) -> CampaignSpec:
    write(tmp_path, LIST)
    return spec_of(variables={"who": "{name}"})


def bring_in(ledger: Ledger, spec: CampaignSpec, folder: Path, *, strict: bool = False) -> Imported:
    view = ledger.run_sync(campaigns.enroll, spec, str(folder), NOW)
    return import_recipients(ledger, view.id, NOW, strict=strict)


def people(ledger: Ledger) -> list[tuple[object, ...]]:
    query = "SELECT phone_number, variables, source_row FROM recipient ORDER BY source_row"
    with ledger.reading() as db:
        return [tuple(row) for row in db.execute(text(query))]


def numbers(ledger: Ledger) -> list[object]:
    return [row[0] for row in people(ledger)]


def rejects_in(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_good_rows_are_imported_and_wrong_ones_set_aside(
    ledger: Ledger, spec: CampaignSpec, tmp_path: Path
) -> None:
    imported = bring_in(ledger, spec, tmp_path)

    assert people(ledger) == [
        ("+13125550101", '{"who":"Ada"}', 2),
        ("+13125550102", '{"who":"Grace"}', 3),
        ("+13125550104", '{"who":"Alan"}', 7),
    ]
    counts = imported.counts
    assert (counts.listed, counts.accepted, counts.duplicates, counts.rejected) == (6, 3, 1, 2)
    assert counts.finished_at == NOW


def test_the_rejects_are_in_a_file_beside_that_only_its_owner_may_read(
    ledger: Ledger, spec: CampaignSpec, tmp_path: Path
) -> None:
    path = bring_in(ledger, spec, tmp_path).rejects

    assert path is not None
    assert path == tmp_path / "people.csv.rejects.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, short, empty = rejects_in(path)
    assert header == ["row", "column", "value", "reason"]
    assert short[:3] == ["4", "phone_number", "12"]
    assert empty == ["5", "name", "", "it is empty, and the variable 'who' needs it"]


def test_a_value_in_the_rejects_cannot_act_as_a_formula(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path, "phone_number\n=1+1\n")

    path = bring_in(ledger, spec_of(), tmp_path).rejects

    assert path is not None
    assert rejects_in(path)[1][2] == "'=1+1"


def test_a_folder_that_may_not_be_written_holds_nobody_up(
    ledger: Ledger, spec: CampaignSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A draft cannot be made where a folder bears its name; permissions do not bind root.
    (tmp_path / f".people.csv.rejects.csv.{os.getpid()}").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))

    imported = bring_in(ledger, spec, tmp_path)

    assert imported.counts.accepted == 3
    assert imported.rejects is not None
    assert "people.csv.rejects.csv" in imported.rejects.name
    assert imported.rejects.parent != tmp_path
    assert len(rejects_in(imported.rejects)) == 3


def test_importing_again_changes_nobody_and_clears_the_rejects(
    ledger: Ledger, spec: CampaignSpec, tmp_path: Path
) -> None:
    bring_in(ledger, spec, tmp_path)
    before = people(ledger)
    write(tmp_path, "name,phone_number\nSomebody else,+13125550101\nNew,+13125550109\n")

    again = bring_in(ledger, spec, tmp_path)

    assert people(ledger)[:1] == before[:1]
    assert (again.counts.accepted, again.counts.duplicates) == (1, 1)
    assert again.rejects is None
    assert not (tmp_path / "people.csv.rejects.csv").exists()


def test_strict_imports_nobody_if_a_single_row_is_wrong(
    ledger: Ledger, spec: CampaignSpec, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as raised:
        bring_in(ledger, spec, tmp_path, strict=True)

    assert people(ledger) == []
    assert len(raised.value.faults) == 3
    summary, short, empty = raised.value.faults  # pyright: ignore[reportAssignmentType]
    assert "2 of 6 rows" in summary.message
    assert (short.source, short.line, short.column) == ("people.csv", 4, 2)
    assert (empty.line, empty.column) == (5, 1)
    assert len(rejects_in(tmp_path / "people.csv.rejects.csv")) == 3


def test_strict_imports_everybody_if_no_row_is_wrong(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path, "phone_number\n+13125550101\n+13125550102\n")

    assert bring_in(ledger, spec_of(), tmp_path, strict=True).counts.accepted == 2


def test_a_column_that_is_missing_stops_the_import_before_anybody(
    ledger: Ledger, tmp_path: Path
) -> None:
    write(tmp_path, LIST)

    with pytest.raises(BadInput, match="nmae"):
        bring_in(ledger, spec_of(variables={"who": "{nmae}"}), tmp_path)

    assert people(ledger) == []


def test_many_transactions_make_one_import(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 7)
    rows = [f"+1312555{n:04d}" for n in range(100, 200)]
    write(tmp_path, "phone_number\n" + "\n".join([*rows, "12", *rows[:5]]))

    counts = bring_in(ledger, spec_of(), tmp_path).counts

    assert (counts.listed, counts.accepted, counts.duplicates, counts.rejected) == (106, 100, 5, 1)


def test_an_import_that_broke_off_is_completed_by_the_next(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    write(tmp_path, 'phone_number\n+13125550101\n+13125550102\n+13125550103\n"+13125550104\n')

    with pytest.raises(BadInput, match="quote"):
        bring_in(ledger, spec_of(), tmp_path)
    assert numbers(ledger) == ["+13125550101", "+13125550102"]

    write(tmp_path, "phone_number\n+13125550101\n+13125550102\n+13125550103\n+13125550104\n")
    counts = bring_in(ledger, spec_of(), tmp_path).counts

    assert (counts.accepted, counts.duplicates) == (2, 2)
    assert len(numbers(ledger)) == 4


def test_a_survey_counts_as_the_import_will_and_writes_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    many = "".join(f"P{n},+1312555{n:04d}\n" for n in range(100, 200))
    write(tmp_path, LIST + many)
    spec = spec_of(variables={"who": "{name}"}, provider=SPLIT)

    found = survey(spec, tmp_path)

    assert [path.name for path in tmp_path.glob("people*")] == ["people.csv"]
    counts = bring_in(ledger, spec, tmp_path).counts
    assert (found.listed, found.accepted) == (counts.listed, counts.accepted)
    assert (found.duplicates, found.rejected) == (counts.duplicates, counts.rejected)
    with ledger.reading() as db:
        by_provider = db.execute(text("SELECT provider, count(*) FROM recipient GROUP BY 1"))
        assert {row[0]: row[1] for row in by_provider} == found.providers
    assert found.first is not None
    assert found.first.variables == {"who": "Ada"}
    assert sum(found.reasons.values()) == 2
    assert [reject.row_no for reject in found.rejects] == [4, 5]
