import msgspec
import pytest

from campaign.errors import Unreadable
from providers.paging import as_cursor, identity, refuse_repeat, resume


class Place(msgspec.Struct):
    page: int = 1
    first: str = ""


def rows(*texts: str) -> list[msgspec.Raw]:
    return [msgspec.Raw(text.encode()) for text in texts]


def test_a_place_survives_as_text() -> None:
    assert resume(as_cursor(Place(3, "a")), Place()) == Place(3, "a")
    assert resume(None, Place(7)) == Place(7)


@pytest.mark.parametrize("cursor", ["", "{", '{"page": "many"}', "[]"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Unreadable, match="begin the sweep again"):
        resume(cursor, Place())


def test_a_row_is_known_by_its_id_or_else_by_its_bytes() -> None:
    one, same, other, empty = rows('{"id":"a","n":1}', '{"n":2,"id":"a"}', '{"n":1}', '{"id":""}')

    assert identity(one) == identity(same) == "a"
    assert len({identity(one), identity(other), identity(empty)}) == 3
    assert identity(rows("7")[0]).startswith("sha256:")


def test_a_page_that_begins_like_the_one_before_is_refused() -> None:
    first = refuse_repeat("", rows('{"id":"a"}', '{"id":"b"}'))

    assert refuse_repeat(first, rows('{"id":"b"}')) == "b"
    assert refuse_repeat(first, []) == ""
    with pytest.raises(Unreadable, match="same page"):
        refuse_repeat(first, rows('{"id":"a"}'))
