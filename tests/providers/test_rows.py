import msgspec
import pytest

from campaign.calls import Call
from campaign.words import Outcome
from providers.mending import decode, mended
from providers.rows import listed, scrubber, text_of


class Row(msgspec.Struct):
    id: str
    seconds: float | None = None


def read(row: bytes) -> Call:
    said = decode(row, Row)
    return Call(
        id=said.id,
        key=None,
        to=None,
        over=True,
        outcome=Outcome.UNKNOWN,
        duration_seconds=said.seconds,
    )


scrub = scrubber({"api_key"}, {"agent": ("id", "name")})


def test_a_row_is_kept_as_it_was_sent() -> None:
    row = b'{"id": "c_1",  "seconds": 1.10, "later": {"x": [1e2]}}'

    assert listed(row, read, scrub).raw == row


@pytest.mark.parametrize(
    "row", [b'{"id": 7, "to": "+13125550101"}', b'{"to": "+13125550101"}', b"null", b"[]", b"7"]
)
def test_a_row_of_another_shape_is_kept_with_a_problem_that_quotes_nothing(row: bytes) -> None:
    got = listed(row, read, scrub)

    assert (got.raw, got.call) == (row, None)
    assert got.problem.startswith("cannot be read")
    assert "+1312" not in got.problem


def test_a_row_that_its_reader_stumbles_over_is_kept_with_a_problem() -> None:
    def stumble(row: bytes) -> Call:
        raise IndexError(row)

    got = listed(b'{"to": "+13125550101"}', stumble, scrub)

    assert (got.raw, got.call) == (b'{"to": "+13125550101"}', None)
    assert got.problem == "cannot be read: IndexError"


def test_a_row_that_is_nested_too_deeply_is_kept_with_a_problem() -> None:
    row = b'{"id": "c_1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    got = listed(row, read, lambda row: row)

    assert got.call is None
    assert "RecursionError" in got.problem


@pytest.mark.parametrize(
    "row",
    [
        b'{"id": "c_1", "said": "\xff"}',
        b'{"id": "c_1", "said": "\\ud83d"}',
        b'{"id": "c_1", "cost": NaN}',
        b'{"id": "c_1", "said": "a\nb"}',
        b'{"id": "c_1", "seconds": "96"}',
    ],
)
def test_sloppy_json_costs_no_call(row: bytes) -> None:
    call = listed(row, read, scrub).call

    assert call is not None
    assert call.id == "c_1"


def test_what_is_mended_means_the_same() -> None:
    assert mended(b'{"n": 1.5, "s": "\\u00e9\\ud83d\\ude00", "l": [true, null]}') == (
        '{"n":1.5,"s":"é😀","l":[true,null]}'.encode()
    )


@pytest.mark.parametrize(
    "row, kept",
    [
        (b'{"id": 1.10, "api_key": "s"}', b'{"id":1.10}'),
        (b'{"a": {"b": [{"api_key": {"x": 1}, "c": 2}]}}', b'{"a":{"b":[{"c":2}]}}'),
        (b'{"agent": {"id": "a", "name": "n", "keys": ["s"]}}', b'{"agent":{"id":"a","name":"n"}}'),
        (b'{"agent": "a", "x": "api_key"}', b'{"agent":"a","x":"api_key"}'),
        (b'{"x": {"agent": {"secret": 1}}}', b'{"x":{"agent":{}}}'),
        (b'{"said": "\xff", "api_key": "s"}', b'{"said":"\xff"}'),
        (b'{"agent": {"id": {"api_key": "s"}}}', b'{"agent":{"id":{}}}'),
    ],
)
def test_a_secret_goes_wherever_it_stands_and_the_rest_stays(row: bytes, kept: bytes) -> None:
    assert scrub(row) == kept


@pytest.mark.parametrize("nothing", [b"null", b"{}", b"[]", b'""', b""])
def test_json_that_holds_nothing_is_no_text(nothing: bytes) -> None:
    assert text_of(msgspec.Raw(nothing)) is None


def test_json_that_holds_something_is_text_as_it_was_sent() -> None:
    assert text_of(msgspec.Raw(b'{"a": 1.10}')) == '{"a": 1.10}'
    assert text_of(msgspec.UNSET) is None
