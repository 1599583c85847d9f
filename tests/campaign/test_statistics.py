from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.statistics import Interval, wilson

Z = 1.959963984540054

# R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3: to four places.
LITERATURE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@st.composite
def seen(draw: st.DrawFn) -> tuple[int, int]:
    of = draw(st.integers(1, 1_000_000))
    return draw(st.integers(0, of)), of


@pytest.mark.parametrize("hits,of,low,high", LITERATURE)
def test_the_interval_is_that_of_the_literature(
    hits: int, of: int, low: float, high: float
) -> None:
    found = wilson(hits, of)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(seen())
def test_the_interval_holds_the_share_and_stays_a_share(counts: tuple[int, int]) -> None:
    hits, of = counts
    found = wilson(hits, of)

    assert found is not None
    assert 0 <= found.low <= hits / of <= found.high <= 1


@given(seen())
def test_each_end_is_a_share_that_just_explains_what_was_seen(counts: tuple[int, int]) -> None:
    # What the interval is by definition: the shares from which it is away by z standard errors.
    hits, of = counts
    found = wilson(hits, of)

    assert found is not None
    for end in (found.low, found.high):
        away = abs(hits / of - end)
        assert away == pytest.approx(Z * sqrt(end * (1 - end) / of), rel=1e-6, abs=1e-9)


@given(seen())
def test_misses_have_the_interval_of_hits_turned_round(counts: tuple[int, int]) -> None:
    hits, of = counts
    found, turned = wilson(hits, of), wilson(of - hits, of)

    assert found is not None
    assert turned is not None
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-12)


@given(seen(), st.integers(2, 100))
def test_more_calls_with_the_same_share_are_surer(counts: tuple[int, int], times: int) -> None:
    hits, of = counts
    few, many = wilson(hits, of), wilson(hits * times, of * times)

    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


def test_nothing_is_said_of_no_calls() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize("hits,of", [(-1, 3), (4, 3), (0, -1)])
def test_counts_that_cannot_be_are_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(hits, of)


SHARES = st.floats(0, 1)


@given(SHARES, SHARES, SHARES, SHARES)
def test_intervals_overlap_if_a_share_is_in_both(a: float, b: float, c: float, d: float) -> None:
    first, second = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))

    assert first.overlaps(second) == (max(first.low, second.low) <= min(first.high, second.high))
    assert first.overlaps(second) == second.overlaps(first)
