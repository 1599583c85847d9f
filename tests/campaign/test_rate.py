from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.rate import Placed, Rate

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "said, calls, seconds", [(60, 60, 60), (1, 1, 60), (1.9, 1, 60), (0.5, 1, 120), (0.1, 1, 600)]
)
def test_calls_per_minute_are_whole_calls(said: float, calls: int, seconds: float) -> None:
    assert Rate.of(said) == Rate(calls, timedelta(seconds=seconds))


def test_what_was_placed_longer_ago_leaves_room() -> None:
    rate, placed = Rate(5, 60 * SECOND), [(NOON, 2), (NOON + 30 * SECOND, 3)]

    assert rate.free_at(placed, 1, NOON + 40 * SECOND) == NOON + 60 * SECOND
    assert rate.free_at(placed, 3, NOON + 40 * SECOND) == NOON + 90 * SECOND
    assert rate.free_at(placed, 2, NOON + 60 * SECOND) is None


def test_more_than_is_allowed_at_all_waits_until_nothing_else_counts() -> None:
    rate = Rate(5, 60 * SECOND)

    assert rate.free_at([(NOON, 1)], 8, NOON) == NOON + 60 * SECOND
    assert rate.free_at([(NOON, 1)], 8, NOON + 60 * SECOND) is None


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 6)), min_size=1, max_size=30),
)
def test_no_stretch_wherever_it_begins_holds_more_than_is_allowed(
    calls: int, asked: list[tuple[float, int]]
) -> None:
    rate, now, placed = Rate(calls, 60 * SECOND), NOON, list[Placed]()
    for pause, wanted in asked:
        now += timedelta(seconds=pause)
        size = min(wanted, calls)
        now = rate.free_at(placed, size, now) or now
        assert rate.free_at(placed, size, now) is None
        placed.append((now, size))

    for begin, _ in placed:
        held = sum(size for at, size in placed if begin <= at < begin + 60 * SECOND)
        assert held <= calls
