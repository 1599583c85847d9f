"""What a person sees on a terminal of a certain width."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout

import pytest
from rich.text import Text

from outdial.terminal import Column, print_table

TAG, KEY = "od1-2yszvtr4-13-1-e0a0e80c", "zgmkbg7cgqlo2h6zrhjhij465l"
WHY = "the provider is over with the batch and lists no call [twice]"
HELD = (Column("tag"), Column("key"), Column("campaign"), Column("people", right=True))


class Screen(io.StringIO):
    """A terminal that remembers what was written."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def shown(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> list[str]:
    screen = Screen()
    with redirect_stdout(screen):
        print_table(columns, rows)
    return [Text.from_ansi(line).plain.rstrip() for line in screen.getvalue().splitlines()]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_tags_and_keys_can_be_copied_whatever_the_width(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    lines = shown((*HELD, Column("why")), [(TAG, KEY, "spring", 1, WHY), (TAG, "", "s", 6, WHY)])

    words = [word.rstrip(";") for line in lines for word in line.split()]
    assert (words.count(TAG), words.count(KEY)) == (2, 1)
    assert words.count("[twice]") == 2
    assert max(map(len, lines)) <= width


def test_a_table_that_fits_but_for_its_last_column_wraps_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "110")

    lines = shown((*HELD, Column("why")), [(TAG, KEY, "spring", 1, WHY)])

    assert [line.split() for line in lines if "tag" in line] == [
        ["tag", "key", "campaign", "people", "why"]
    ]
    row = next(index for index, line in enumerate(lines) if TAG in line)
    assert KEY in lines[row]
    assert lines[row + 1].startswith(" " * 70)


def test_a_row_of_a_table_that_does_not_fit_is_a_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")

    lines = shown(HELD, [(TAG, KEY, "spring", 2), (TAG, "", "s", 6)])

    assert lines == [
        TAG,
        f"  key {KEY}; campaign spring;",
        "  people 2",
        TAG,
        "  campaign s; people 6",
    ]
