from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import RateLimited
from campaign.patience import MOST_PATIENCE, Patience

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def refusal(seconds: float | None, *, capacity: bool = False) -> RateLimited:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return RateLimited("no", retry_after=wait, capacity=capacity)


def test_whoever_was_never_refused_may_ask_at_once() -> None:
    assert Patience().wait(NOON, dials=True) == timedelta(0)


def test_what_the_provider_says_is_waited_for_by_everything() -> None:
    known = Patience().after(refusal(90), NOON)

    assert known.wait(NOON, dials=False) == known.wait(NOON, dials=True) == 90 * SECOND
    assert known.wait(NOON + 90 * SECOND, dials=True) == timedelta(0)


def test_without_a_free_line_only_calls_wait() -> None:
    known = Patience().after(refusal(40, capacity=True), NOON)

    assert known.wait(NOON, dials=False) == timedelta(0)
    assert known.wait(NOON, dials=True) == 40 * SECOND


@pytest.mark.parametrize("nothing", [None, 0])
def test_who_does_not_say_for_how_long_is_left_alone_twice_as_long_each_time(
    nothing: float | None,
) -> None:
    known, now, waits = Patience(), NOON, list[float]()
    for _ in range(12):
        known = known.after(refusal(nothing), now)
        waits.append(known.wait(now, dials=False).total_seconds())
        now += known.wait(now, dials=False)

    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 300


def test_a_quiet_minute_forgives_the_refusals_before() -> None:
    known, now = Patience(), NOON
    for _ in range(5):
        known = known.after(refusal(None), now)
        now += known.wait(now, dials=False)

    known = known.after(refusal(None), now + timedelta(minutes=1))

    assert known.wait(now + timedelta(minutes=1), dials=False) == SECOND


def test_answers_to_requests_that_were_under_way_already_count_once() -> None:
    known = Patience()
    for _ in range(10):
        known = known.after(refusal(None), NOON)

    assert known.wait(NOON, dials=False) == SECOND


def test_no_refusal_shortens_a_wait() -> None:
    known = Patience().after(refusal(90), NOON).after(refusal(2), NOON)

    assert known.wait(NOON, dials=False) == 90 * SECOND


def test_a_moment_told_by_a_clock_that_is_years_ahead_is_not_waited_for() -> None:
    known = Patience().after(refusal(10), NOON + timedelta(days=700))

    assert known.wait(NOON, dials=False) == MOST_PATIENCE


@given(
    st.lists(
        st.tuples(st.none() | st.floats(0, 1e9), st.booleans(), st.floats(0, 7200)), max_size=20
    )
)
def test_no_wait_is_negative_or_above_an_hour(
    refusals: list[tuple[float | None, bool, float]],
) -> None:
    known, now = Patience(), NOON
    for seconds, capacity, passed in refusals:
        now += timedelta(seconds=passed)
        known = known.after(refusal(seconds, capacity=capacity), now)
        for dials in (False, True):
            assert timedelta(0) <= known.wait(now, dials=dials) <= MOST_PATIENCE
        assert known.wait(now, dials=True) > timedelta(0)
