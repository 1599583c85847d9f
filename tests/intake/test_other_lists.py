import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy import create_engine, text

from campaign.errors import BadInput
from campaign.spec import RecipientSource
from store.intake.opening import open_source
from store.intake.rows import Reject
from store.intake.texts import text_of
from tests.intake.lists import read_all, refusal, values_of, write

arrow: Any = pa
pq: Any = parquet

# --- Values


@pytest.mark.parametrize(
    "value, said",
    [
        (None, ""),
        (True, "true"),
        (13125550101, "13125550101"),
        (1.3125550101e10, "13125550101"),
        (0.5, "0.5"),
        (1e-7, "0.0000001"),
        (float("nan"), ""),
        (Decimal("13125550101.000"), "13125550101"),
        (Decimal("12.50"), "12.5"),
        (datetime(2026, 11, 30), "2026-11-30"),  # noqa: DTZ001 - sheets know no zones
        (datetime(2026, 11, 30, 9, 5), "2026-11-30T09:05:00"),  # noqa: DTZ001
        (date(2026, 11, 30), "2026-11-30"),
        (b"caf\xc3\xa9", "café"),
        ([1, "a"], '[1, "a"]'),
        ("  Ada \u00a0", "Ada"),
    ],
)
def test_a_typed_value_is_the_text_that_people_would_write(value: object, said: str) -> None:
    assert text_of(value) == said


@given(st.integers(10**6, 10**15 - 1))
def test_a_number_loses_no_digit_however_it_was_kept(number: int) -> None:
    assert {text_of(number), text_of(float(number)), text_of(Decimal(number))} == {str(number)}


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", "x" * 200_000])
def test_a_value_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"longer|decode"):
        text_of(value)


# --- JSON Lines


def test_json_lines_have_the_columns_of_all_their_objects(tmp_path: Path) -> None:
    lines = ['{"a": 1}', "", '{"b": 1.3125550101e10, "a": null}', '{"c": {"d": [1]}}']
    path = write(tmp_path, "\ufeff" + "\r\n".join(lines), "people.jsonl")

    rows = read_all(path)

    assert values_of(rows) == [
        {"a": "1", "b": "", "c": ""},
        {"a": "", "b": "13125550101", "c": ""},
        {"a": "", "b": "", "c": '{"d": [1]}'},
    ]
    assert [row.row_no for row in rows] == [1, 3, 4]


@pytest.mark.parametrize(
    "line", ["[1]", "{", '"a"', '{"a": 1}}', '{"a": ' + "[" * 5000, "\xff\xfe", "null"]
)
def test_a_line_that_is_no_object_is_rejected_alone(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, b'{"a": 1}\n' + line.encode("latin-1") + b'\n{"a": 2}', "p.jsonl")

    rows = read_all(path)

    assert [isinstance(row, Reject) for row in rows] == [False, True, False]
    assert rows[1].row_no == 2


@pytest.mark.parametrize("content, words", [("", "empty"), ("[1]\n2", "no line holds")])
def test_a_list_without_any_object_is_told(tmp_path: Path, content: str, words: str) -> None:
    assert words in refusal(write(tmp_path, content, "p.jsonl")).message


def test_a_json_line_without_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, b'{"a": 1}\n{"a": "' + b"x" * (2 << 20), "p.jsonl")

    assert (refusal(path).line, "longer" in refusal(path).message) == (2, True)


ROW = st.dictionaries(
    st.sampled_from("abc"), st.text(st.characters(blacklist_categories=["Cs"]), max_size=9)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rows=st.lists(ROW.filter(bool), min_size=1, max_size=9))
def test_json_lines_are_read_as_they_were_written(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    path = write(tmp_path, "".join(f"{json.dumps(row)}\n" for row in rows), "p.jsonl")
    columns = {column for row in rows for column in row}

    expected = [{column: row.get(column, "").strip() for column in columns} for row in rows]

    assert values_of(read_all(path)) == expected


# --- Parquet


def test_parquet_is_read_by_its_types(tmp_path: Path) -> None:
    table = arrow.table(
        {
            "phone": [13125550101, 13125550102],
            "as_float": [1.3125550101e10, None],
            "due": [date(2026, 11, 30), None],
            "who": arrow.array(["Ada", "Grace"]).dictionary_encode(),
            "never": [1, 2],
        }
    )
    pq.write_table(table, tmp_path / "p.parquet")

    rows = read_all(tmp_path / "p.parquet", ["phone", "as_float", "due", "who"])

    assert [list(values.values()) for values in values_of(rows)] == [
        ["13125550101", "13125550101", "2026-11-30", "Ada"],
        ["13125550102", "", "", "Grace"],
    ]


def test_many_row_groups_are_one_list(tmp_path: Path) -> None:
    pq.write_table(
        arrow.table({"n": list(range(7000))}), tmp_path / "p.parquet", row_group_size=900
    )

    rows = read_all(tmp_path / "p.parquet")

    assert [values["n"] for values in values_of(rows)] == [str(n) for n in range(7000)]
    assert [row.row_no for row in rows] == list(range(1, 7001))


def test_bytes_that_are_no_text_are_rejected_with_their_row(tmp_path: Path) -> None:
    pq.write_table(arrow.table({"a": [b"ok", b"\xff", b"ok"]}), tmp_path / "p.parquet")

    assert [isinstance(row, Reject) for row in read_all(tmp_path / "p.parquet")] == [
        False,
        True,
        False,
    ]


def test_a_file_that_is_no_parquet_or_was_cut_is_told(tmp_path: Path) -> None:
    pq.write_table(arrow.table({"a": list(range(1000))}), tmp_path / "good.parquet")
    whole = (tmp_path / "good.parquet").read_bytes()

    for content in (b"", b"name,phone\n", whole[:-9], whole[:4] + b"\0" * 999 + whole[1003:]):
        fault = refusal(write(tmp_path, content, "p.parquet"))
        assert "Parquet" in fault.message
        assert fault.source == "p.parquet"


# --- Excel


def workbook(path: Path, rows: list[list[object]], *sheets: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name in sheets:
        book.create_sheet(name).append([f"in {name}"])
    book.save(path)
    return path


def test_a_sheet_is_read_as_people_see_it(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "p.xlsx",
        [
            ["phone", "due", "who", None],
            [1.3125550101e10, datetime(2026, 11, 30), "Ada"],  # noqa: DTZ001
            [],
            ["'+13125550102", None, " Grace "],
        ],
    )

    rows = read_all(path)

    assert values_of(rows) == [
        {"phone": "13125550101", "due": "2026-11-30", "who": "Ada"},
        {"phone": "+13125550102", "due": "", "who": "Grace"},
    ]
    assert [row.row_no for row in rows] == [2, 4]


def test_the_first_sheet_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "p.xlsx", [["first"]], "March", "April")

    with open_source(RecipientSource(source=path.name), tmp_path) as first:
        assert first.columns == ("first",)
    with open_source(RecipientSource(source=path.name, sheet="April"), tmp_path) as april:
        assert april.columns == ("in April",)


def test_a_sheet_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    path = workbook(tmp_path / "p.xlsx", [["first"]], "March")

    fault = refusal(path, sheet="autumn")

    assert (fault.message, fault.remedy) == (
        "there is no sheet 'autumn'",
        "It has 'Sheet', 'March'.",
    )
    assert refusal(path, sheet="Marhc").remedy == "Was 'March' meant?"


def test_a_formula_without_a_result_and_an_error_cost_their_rows(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "p.xlsx", [["phone", "who"], ["+13125550101", "=A1"], ["#N/A", "x"], ["1", "y"]]
    )

    formula, error, good = read_all(path)

    assert isinstance(formula, Reject)
    assert (formula.row_no, formula.column, formula.value) == (2, "who", "=A1")
    assert "open the file in Excel" in formula.reason
    assert isinstance(error, Reject)
    assert (error.column, error.value) == ("phone", "#N/A")
    assert values_of([good]) == [{"phone": "1", "who": "y"}]


def test_a_sheet_that_is_damaged_or_something_else_is_told(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "good.xlsx", [["a"], *([n] for n in range(500))]).read_bytes()

    for content in (b"", b"phone\n1\n", whole[:-50], whole[: len(whole) // 2]):
        fault = refusal(write(tmp_path, content, "p.xlsx"))
        assert "workbook" in fault.message


@pytest.mark.parametrize(
    "header, words", [(["a", "b", "a"], "'a'"), ([None, None], "empty"), ([], "empty")]
)
def test_a_sheets_header_is_judged(tmp_path: Path, header: list[object], words: str) -> None:
    path = workbook(tmp_path / "p.xlsx", [header, ["1", "2", "3"]] if header else [])

    assert words in refusal(path).message


# --- SQL


@pytest.fixture
def customers(database_url: str) -> str:
    engine = create_engine(database_url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE customer (who TEXT, phone BIGINT, due DATE)"))
        db.execute(
            text(
                "WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series"
                " WHERE n < 4999) INSERT INTO customer"
                " SELECT 'person ' || n, 13125550000 + n, '2026-11-30' FROM series"
            )
        )
    engine.dispose()
    return database_url


def query(url: str, sql: str, folder: Path) -> list[Any]:
    with open_source(RecipientSource(source=url, query=sql), folder) as opened:
        return list(opened.rows(opened.columns))


def test_a_query_is_a_list(customers: str, tmp_path: Path) -> None:
    rows = query(customers, "SELECT phone, who AS name FROM customer ORDER BY phone", tmp_path)

    assert len(rows) == 5000
    assert values_of(rows)[4999] == {"phone": "13125554999", "name": "person 4999"}
    assert rows[4999].row_no == 5000


@pytest.mark.parametrize(
    "sql, words",
    [
        ("SELECT nope FROM customer", "nope"),
        ("SELEC 1", "SELEC"),
        ("DELETE FROM customer WHERE 1 = 0", "returns no rows|DELETE"),
        ("SELECT who, phone AS who FROM customer", "'who'"),
    ],
)
def test_a_query_that_cannot_be_a_list_is_told(
    customers: str, tmp_path: Path, sql: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        query(customers, sql, tmp_path)


@pytest.mark.parametrize(
    "url, words",
    [
        ("people.csv", "no database URL"),
        ("sqlite:///nope.db", "no file nope.db"),
        ("mysql+nosuchdriver://ada:sesame@127.0.0.1/x", "no driver"),
        ("postgresql://ada:sesame@127.0.0.1:1/x", "refused"),
        ("env:NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    tmp_path: Path, url: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as raised:
        query(url, "SELECT 1", tmp_path)

    assert "sesame" not in "".join(map(str, [*raised.value.faults, raised.value]))
    assert not (tmp_path / "nope.db").exists()


def test_the_databases_url_may_come_from_the_environment(
    customers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMERS_URL", customers)

    assert len(query("env:CUSTOMERS_URL", "SELECT who FROM customer LIMIT 3", tmp_path)) == 3


# --- Which reader


@pytest.mark.parametrize(
    "name, words",
    [
        ("people.cvs", "cannot be read"),
        ("people", "cannot be read"),
        ("people.xls", "cannot be read"),
        ("folder.csv", "is not a file"),
        ("nope.csv", "there is no list nope.csv"),
    ],
)
def test_a_list_of_no_known_kind_is_told(tmp_path: Path, name: str, words: str) -> None:
    if "nope" not in name and "folder" not in name:
        write(tmp_path, "a\n1\n", name)
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(BadInput, match=words):
        read_all(tmp_path / name)


def test_a_list_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n")

    with pytest.raises(BadInput) as raised:
        read_all(tmp_path / "poeple.csv")

    assert raised.value.faults[0].remedy == "Was 'people.csv' meant?"


def test_a_database_url_without_a_query_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="no query"),
        open_source(RecipientSource(source="postgresql://h/d"), tmp_path),
    ):
        pass
