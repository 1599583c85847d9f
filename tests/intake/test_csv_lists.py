import contextlib
import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.errors import BadInput
from store.intake.delimited import MAX_LINE
from store.intake.rows import Reject
from tests.intake.lists import read_all, refusal, stream, values_of, write

HEADER = "first_name,phone_number\n"
CELL = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), max_size=12
)


def test_rows_come_as_text_by_column_with_the_header_as_row_one(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}Ada,+13125550101\nGrace,+13125550102\n")

    rows = read_all(path)

    assert values_of(rows) == [
        {"first_name": "Ada", "phone_number": "+13125550101"},
        {"first_name": "Grace", "phone_number": "+13125550102"},
    ]
    assert [row.row_no for row in rows] == [2, 3]


def test_only_the_columns_that_were_asked_for_come(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n1,2,3\n")

    assert values_of(read_all(path, ["c"])) == [{"c": "3"}]
    assert values_of(read_all(path, ["c", "a"])) == [{"c": "3", "a": "1"}]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_any_usual_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    text = HEADER + "Zoë Müller-Łódź".replace("Ł", "L").replace("ź", "z") + ",+13125550101\n"
    path = write(tmp_path, (text * 3).encode(encoding))

    assert values_of(read_all(path))[0]["first_name"] == "Zoë Müller-Lódz"


def test_a_byte_far_down_decides_for_the_whole_file(tmp_path: Path) -> None:
    rows = "Ada,+13125550101\n" * 80_000
    path = write(tmp_path, f"{HEADER}{rows}Zoë,+13125550102\n".encode("cp1252"))

    assert values_of(read_all(path))[-1]["first_name"] == "Zoë"


def test_a_byte_of_no_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.encode() + b"Ada,1\nGr\x81ce,2\n")

    fault = refusal(path)

    assert (fault.source, fault.line) == ("people.csv", 3)
    assert "0x81" in fault.message
    assert "UTF-8" in fault.remedy


def test_half_a_character_of_utf_16_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.encode("utf-16") + b"\x00")

    assert "UTF-16" in refusal(path).message


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_recognised(tmp_path: Path, mark: str) -> None:
    path = write(tmp_path, f'"a,b{mark}c"{mark}d{mark}e\n1{mark}2{mark}"x{mark},;y"\n')

    assert values_of(read_all(path)) == [{f"a,b{mark}c": "1", "d": "2", "e": f"x{mark},;y"}]


def test_excels_first_line_about_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\r\na;b,c\r\n1;2\r\n")

    rows = read_all(path)

    assert values_of(rows) == [{"a": "1", "b,c": "2"}]
    assert rows[0].row_no == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do_and_the_last_may_be_missing(tmp_path: Path, end: str) -> None:
    path = write(tmp_path, f"a,b{end}1,2{end}3,4")

    assert values_of(read_all(path)) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_blank_rows_are_passed_over_and_counted_as_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "\n\na,b\n\n1,2\n , \n,,,\n3,4\n")

    assert [row.row_no for row in read_all(path)] == [5, 8]


def test_a_short_or_long_row_is_rejected_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n1,2\n1,2,3\n1,2,3,4\n5,6,7,,\n")

    short, good, long, padded = read_all(path)

    assert short == Reject(2, "", "", "the row has 2 columns and the header 3")
    assert isinstance(long, Reject)
    assert "4 columns" in long.reason
    assert values_of([good, padded])[1] == {"a": "5", "b": "6", "c": "7"}


def test_quotes_that_do_not_match_cost_their_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n"x"y,1\n"with ""quotes""",2\n')

    bad, good = read_all(path)

    assert isinstance(bad, Reject)
    assert "quotes" in bad.reason
    assert values_of([good]) == [{"a": 'with "quotes"', "b": "2"}]


def test_a_quote_that_never_closes_makes_the_list_unreadable(tmp_path: Path) -> None:
    rows = "Ada,1\n" * 10
    path = write(tmp_path, f'{HEADER}{rows}"Grace,2\n{rows}')

    fault = refusal(path)

    assert fault.line == 12
    assert "quote" in fault.message
    assert "line 12" in fault.remedy


def test_a_value_without_end_is_told_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path, f'{HEADER}"{"x" * 200_000}",2\n')

    assert refusal(path).line == 2


def test_a_line_without_end_is_refused_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode())
        for _ in range(64):
            file.write(b"x" * MAX_LINE)
    tracemalloc.start()

    fault = refusal(path)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (fault.line, "longer than" in fault.message) == (2, True)
    assert most < 12 * MAX_LINE


def test_the_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    def most(rows: int) -> int:
        path = write(tmp_path, HEADER + "Ada,+13125550101\n" * rows)
        tracemalloc.start()
        assert sum(1 for _ in stream(path)) == rows
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert most(30_000) < most(3_000) + MAX_LINE + 200_000


def test_two_columns_of_the_same_name_are_refused_with_their_place(tmp_path: Path) -> None:
    fault = refusal(write(tmp_path, "a,b,a\n1,2,3\n"))

    assert (fault.line, fault.column) == (1, 3)
    assert "'a'" in fault.message


def test_columns_without_a_name_are_no_fault(tmp_path: Path) -> None:
    assert values_of(read_all(write(tmp_path, "a,,\n1,x,y\n"), ["a"])) == [{"a": "1"}]


@pytest.mark.parametrize("content", ["", "\n\n", "  \n"])
def test_an_empty_list_is_told(tmp_path: Path, content: str) -> None:
    assert "empty" in refusal(write(tmp_path, content)).message


def test_a_guard_against_formulas_is_taken_off_again(tmp_path: Path) -> None:
    path = write(tmp_path, "a,'=b\n'+13125550101,'=1+1\nO'Neill,'tis\n")

    assert values_of(read_all(path)) == [
        {"a": "+13125550101", "=b": "=1+1"},
        {"a": "O'Neill", "=b": "'tis"},
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    mark=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_read_as_it_was(
    tmp_path: Path, rows: list[list[str]], encoding: str, mark: str, end: str
) -> None:
    rows = [row for row in rows if any(row)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator=end)
    writer.writerow(["one", "two", "three"])
    writer.writerows(rows)
    path = write(tmp_path, text.getvalue().encode(encoding))

    read = [list(values.values()) for values in values_of(read_all(path))]

    assert read == [
        [cell.removeprefix("'") if guarded(cell) else cell for cell in row] for row in rows
    ]


def guarded(cell: str) -> bool:
    return cell.startswith("'") and cell.lstrip("'")[:1] in set("=+-@＝＋－＠")  # noqa: RUF001


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(content=st.binary(max_size=300))
def test_whatever_bytes_are_in_the_file_they_are_rows_or_a_fault(
    tmp_path: Path, content: bytes
) -> None:
    path = write(tmp_path, content)

    with contextlib.suppress(BadInput):
        assert all(row.row_no > 1 for row in read_all(path))
