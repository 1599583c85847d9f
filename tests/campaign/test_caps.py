from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.redial import after
from campaign.rules.caps import (
    Counted,
    DayPart,
    PastDial,
    RollingCap,
    gap_after,
    gap_free_from,
    least_tried,
    parse_caps,
    part_of,
)
from campaign.spec import Policy
from campaign.words import Outcome
from tests.campaign import oracle

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ago(hours: float, outcome: Outcome | None = Outcome.NO_ANSWER, **more: object) -> PastDial:
    return PastDial(NOW - hours * HOUR, outcome, **more)  # pyright: ignore[reportArgumentType]


def policy(**fields: object) -> Policy:
    return Policy.model_validate(fields)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 4000), max_size=12),
    st.integers(1, 4),
    st.integers(1, 1500),
)
def test_a_cap_is_free_from_the_first_minute_at_which_no_stretch_holds_too_many(
    minutes: list[int], calls: int, per_minutes: int
) -> None:
    per = per_minutes * oracle.MINUTE
    # A past that kept to the cap, call by call.
    times: list[datetime] = []
    for minute in sorted(minutes):
        if oracle.within_cap([*times, NOW + minute * oracle.MINUTE], calls, per):
            times.append(NOW + minute * oracle.MINUTE)
    latest = max(times, default=NOW)

    free = RollingCap(calls, per).free_from([PastDial(at) for at in times])

    earliest = oracle.first(
        lambda at: oracle.within_cap([*times, at], calls, per), latest, oracle.MINUTE, 1600
    )
    assert max(free or latest, latest) == earliest


def test_three_in_24_hours_is_no_gap_of_eight_and_the_second_opinion_sees_it() -> None:
    times = [NOW, NOW + timedelta(minutes=10), NOW + timedelta(minutes=20)]
    by_gap = times[-1] + 8 * HOUR

    free = RollingCap(3, 24 * HOUR).free_from([PastDial(at) for at in times])

    assert not oracle.within_cap([*times, by_gap], 3, 24 * HOUR)
    assert free is not None
    assert free == NOW + 24 * HOUR
    assert oracle.within_cap([*times, free], 3, 24 * HOUR)
    # And the other way about: the second and third call of a day need not wait for eight hours.
    assert RollingCap(3, 24 * HOUR).free_from([PastDial(NOW)]) is None


def test_three_in_24_hours_is_no_calendar_day() -> None:
    evening = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (21, 22, 23)]
    next_morning = datetime(2026, 11, 24, 9, tzinfo=UTC)

    free = RollingCap(3, 24 * HOUR).free_from([PastDial(at) for at in evening])

    assert not oracle.within_cap([*evening, next_morning], 3, 24 * HOUR)
    assert free == datetime(2026, 11, 24, 21, tzinfo=UTC)


def test_an_attempt_counts_whatever_came_of_it() -> None:
    cap = RollingCap(1, 24 * HOUR)

    for outcome in (None, *Outcome):
        assert cap.free_from([ago(2, outcome)]) == NOW + 22 * HOUR


def test_calls_of_other_campaigns_count() -> None:
    assert RollingCap(1, 24 * HOUR).free_from([ago(2, this_campaign=False)]) == NOW + 22 * HOUR


@pytest.mark.parametrize(
    "counted, outcomes",
    [
        (
            Counted.COMPLETED,
            {None, Outcome.UNKNOWN, Outcome.ANSWERED, Outcome.TRANSFERRED, Outcome.VOICEMAIL},
        ),
        (Counted.CONVERSATIONS, {None, Outcome.UNKNOWN, Outcome.ANSWERED, Outcome.TRANSFERRED}),
        (Counted.REFUSALS, set[Outcome | None]()),
    ],
)
def test_what_is_not_known_counts_as_the_worst(
    counted: Counted, outcomes: set[Outcome | None]
) -> None:
    cap = RollingCap(1, 8 * HOUR, counted)

    counts = {
        outcome for outcome in (None, *Outcome) if cap.free_from([ago(1, outcome)]) is not None
    }

    assert counts == outcomes


def test_a_conversation_counts_from_its_end() -> None:
    talk = ago(2, Outcome.ANSWERED, ended_at=NOW - HOUR)

    assert RollingCap(1, 7 * 24 * HOUR, Counted.CONVERSATIONS).free_from([talk]) == NOW + 167 * HOUR


def test_a_call_that_waited_at_its_provider_counts_from_its_end() -> None:
    late = ago(5, ended_at=NOW - HOUR)

    assert RollingCap(1, 24 * HOUR).free_from([late]) == NOW + 23 * HOUR


def test_a_refusal_is_kept_for_its_time() -> None:
    refused = ago(24, Outcome.ANSWERED, refused=True)
    cap = RollingCap(1, timedelta(days=60), Counted.REFUSALS)

    assert cap.free_from([refused, ago(1)]) == NOW + timedelta(days=59)


def test_caps_are_read_from_text() -> None:
    assert parse_caps("") == ()
    assert parse_caps("7/7d attempts;1/7d conversations") == (
        RollingCap(7, timedelta(days=7)),
        RollingCap(1, timedelta(days=7), Counted.CONVERSATIONS),
    )


@pytest.mark.parametrize(
    "text", ["3", "3/24h", "3 in 24h", "3/24 attempts", "x/24h attempts", "3/24h tries"]
)
def test_a_cap_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cap|length|Counted"):
        parse_caps(text)


def test_the_gap_grows_with_the_campaigns_own_attempts() -> None:
    patient = policy(min_gap="4h", gap_growth=2)

    assert [gap_after(n, patient) / HOUR for n in (1, 2, 3)] == [4, 8, 16]
    assert gap_free_from([ago(30), ago(10)], patient) == NOW - 2 * HOUR
    assert gap_free_from([ago(10), ago(1, this_campaign=False)], patient) == NOW + 3 * HOUR
    assert gap_free_from([], patient) is None


def test_a_gap_never_grows_beyond_what_can_be_added_to_a_time() -> None:
    eager = policy(min_gap="4h", gap_growth=10, max_attempts=20)

    assert gap_after(19, eager) == timedelta(days=400)
    assert gap_after(1000, policy(min_gap="500d", gap_growth=10)) == timedelta(days=500)
    assert NOW + gap_after(1000, eager) > NOW


def test_the_gap_counts_from_the_end_of_the_call() -> None:
    assert gap_free_from([ago(3, ended_at=NOW - HOUR)], policy(min_gap="4h")) == NOW + 3 * HOUR


def test_redial_and_judgement_wait_for_the_same_gap() -> None:
    patient = policy(min_gap="4h", gap_growth=1.5, max_attempts=5)

    ended = NOW - HOUR
    verdict = after(Outcome.NO_ANSWER, 2, patient, ended)

    assert verdict.due_at is not None
    assert verdict.due_at == gap_free_from([ago(30), ago(1)], patient)


@pytest.mark.parametrize(
    "hour, part",
    [
        (0, DayPart.MORNING),
        (11, DayPart.MORNING),
        (12, DayPart.AFTERNOON),
        (16, DayPart.AFTERNOON),
        (17, DayPart.EVENING),
        (23, DayPart.EVENING),
    ],
)
def test_a_day_has_three_parts(hour: int, part: DayPart) -> None:
    assert part_of(NOW.replace(hour=hour)) is part


def test_the_part_of_the_day_that_was_tried_least_comes_next() -> None:
    morning, afternoon, evening = DayPart

    assert least_tried([], DayPart) == frozenset(DayPart)
    assert least_tried([morning], DayPart) == {afternoon, evening}
    assert least_tried([morning, evening, evening], DayPart) == {afternoon}
    assert least_tried([morning, morning], [morning]) == {morning}
    assert least_tried([morning, afternoon], [morning, afternoon]) == {morning, afternoon}
    assert least_tried([morning], []) == frozenset()
