from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.rules.schedule import ALWAYS, Schedule, either, weekly
from campaign.rules.windows import (
    FOREVER,
    Closures,
    LocalHours,
    Span,
    blackouts,
    campaign_schedule,
    first_opening,
    local_hours,
)
from campaign.spec import CallingWindows
from tests.campaign import oracle
from tests.campaign.oracle import DAYS, MINUTE, Hours

# Zones that change by an hour, half an hour or two, at midnight, around Ramadan, or never.
ZONES = (
    "Africa/Casablanca",
    "America/Adak",
    "America/Havana",
    "America/New_York",
    "America/Phoenix",
    "America/Santiago",
    "America/St_Johns",
    "America/Vancouver",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
)
# Around changes of the clocks, ends of years, leap days and holidays.
MOMENTS = tuple(
    datetime.fromisoformat(f"{day}T00:00+00:00")
    for day in (
        "2026-03-08",
        "2026-03-29",
        "2026-04-05",
        "2026-07-04",
        "2026-09-06",
        "2026-10-04",
        "2026-11-01",
        "2026-12-25",
        "2027-01-01",
        "2027-02-08",
        "2027-03-14",
        "2027-04-04",
        "2028-02-29",
        "2028-03-12",
    )
)
SCAN = 2 * 24 * 60


def clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def stretches(draw: st.DrawFn) -> str:
    marks = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=4)))
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return ";".join(f"{clock_text(a * 15)}-{clock_text(b * 15)}" for a, b in pairs)


weeks = st.dictionaries(st.sampled_from(DAYS), stretches(), min_size=1)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    return draw(st.sampled_from(MOMENTS)) + draw(st.integers(-36 * 60, 36 * 60)) * MINUTE


places = st.lists(st.tuples(weeks, st.sampled_from(ZONES)), min_size=1, max_size=3)


def schedule_of(week: dict[str, str], closed_on: frozenset[str] = frozenset()) -> Schedule:
    return either([weekly(hours, day) for day, hours in week.items()], closed_on)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@settings(max_examples=80, deadline=None)
@given(places=places, start=instants(), margin=st.sampled_from([0, 1, 5, 30]), closed=st.booleans())
@example(  # The doubled hour: open, closed again, open.
    places=[({"sun": "01:30-05:00"}, "America/New_York")],
    start=datetime(2026, 11, 1, 5, 15, tzinfo=UTC),
    margin=0,
    closed=False,
)
@example(  # The missing hour: a window that lies within it does not open.
    places=[({"sun": "02:15-02:45"}, "America/New_York")],
    start=datetime(2026, 3, 8, 5, tzinfo=UTC),
    margin=0,
    closed=False,
)
def test_the_first_opening_is_the_first_minute_that_every_wall_clock_allows(
    places: list[tuple[dict[str, str], str]], start: datetime, margin: int, closed: bool
) -> None:
    calendars = frozenset({"US", "US-RI"} if closed else ())
    hours = [local_hours(schedule_of(week, calendars), zone) for week, zone in places]
    second = [Hours(week, zone, tuple(calendars)) for week, zone in places]
    allowance = timedelta(minutes=margin)
    opened = [
        all(each.open_at(start + step * MINUTE) for each in second) for step in range(SCAN + margin)
    ]
    allowed = [all(opened[step : step + margin + 1]) for step in range(SCAN)]

    found = first_opening(hours, start, allowance)

    if True not in allowed:
        assert found is None or found.start >= start + SCAN * MINUTE
        return
    assert found is not None
    opens = allowed.index(True)
    assert found.start == start + opens * MINUTE
    shuts = allowed[opens:].index(False) + opens if False in allowed[opens:] else SCAN
    assert found.end == start + shuts * MINUTE or (shuts == SCAN and found.end > start)


@given(start=instants(), seconds=st.integers(0, 59), margin=st.integers(0, 60))
@settings(deadline=None)
def test_what_opens_is_open_and_closes_a_margin_before_its_end(
    start: datetime, seconds: int, margin: int
) -> None:
    hours = [
        local_hours(weekly("09:00-20:00", "mon-sat"), zone)
        for zone in ("America/New_York", "America/Chicago")
    ]

    found = first_opening(hours, start + timedelta(seconds=seconds), timedelta(minutes=margin))

    assert found is not None
    assert found.start < found.end
    ends = found.end + timedelta(minutes=margin)
    local = found.start.astimezone(oracle.clock("America/Chicago"))
    assert 9 <= local.hour < 19
    assert ends.astimezone(oracle.clock("America/New_York")).hour == 20


def test_a_window_belongs_to_the_local_date() -> None:
    hours = local_hours(weekly("00:00-24:00", "wed"), "Pacific/Apia")

    found = first_opening([hours], at("2026-11-24T00:00+00:00"))

    assert found == Span(at("2026-11-25T00:00+13:00"), at("2026-11-26T00:00+13:00"))


def test_days_that_touch_are_one_opening_across_midnight_and_month() -> None:
    hours = local_hours(weekly("00:00-24:00", "mon-fri"), "Europe/London")

    found = first_opening([hours], at("2026-12-30T12:00+00:00"), timedelta(minutes=5))

    assert found == Span(at("2026-12-30T12:00+00:00"), at("2027-01-01T23:55+00:00"))


def test_what_is_always_open_never_closes() -> None:
    start = at("2026-11-23T12:00+00:00")

    assert first_opening([local_hours(ALWAYS, "Europe/London")], start) == Span(start, FOREVER)
    assert first_opening([], start) == Span(start, FOREVER)


def test_hours_that_never_meet_give_no_opening() -> None:
    weekdays = local_hours(weekly("09:00-17:00", "mon-fri"), "Europe/London")
    saturday = local_hours(weekly("09:00-17:00", "sat"), "Europe/London")

    assert first_opening([weekdays, saturday], at("2026-11-23T12:00+00:00")) is None
    assert (
        first_opening(
            [LocalHours(Schedule(((),) * 7), "Europe/London")], FOREVER - timedelta(days=900)
        )
        is None
    )


def test_the_margin_swallows_a_window_that_is_shorter() -> None:
    hours = local_hours(weekly("09:00-09:05"), "Europe/London")

    assert first_opening([hours], at("2026-11-23T08:00+00:00"), timedelta(minutes=5)) is None


def test_the_end_of_a_window_is_outside() -> None:
    hours = local_hours(weekly("09:00-20:00"), "Europe/London")

    inside = first_opening([hours], at("2026-11-23T19:59:59+00:00"))
    outside = first_opening([hours], at("2026-11-23T20:00+00:00"))

    assert inside is not None
    assert inside.end == at("2026-11-23T20:00+00:00")
    assert outside is not None
    assert outside.start == at("2026-11-24T09:00+00:00")


def test_holidays_are_closed_by_the_local_date() -> None:
    victory_day = frozenset({"US-RI"})
    hours = local_hours(weekly("09:00-18:00", "mon-fri", victory_day), "America/New_York")

    found = first_opening([hours], at("2026-08-10T10:00-04:00"))

    assert found is not None
    assert found.start == at("2026-08-11T09:00-04:00")


@pytest.mark.parametrize(
    "now, start, end",
    [
        ("2026-11-23T10:00+00:00", "2026-11-23T10:00+00:00", "2026-11-24T09:55+00:00"),
        ("2026-11-24T09:57+00:00", "2026-11-24T14:00+00:00", None),
        ("2026-11-24T12:00+00:00", "2026-11-24T14:00+00:00", None),
        ("2026-11-24T14:00+00:00", "2026-11-24T14:00+00:00", None),
    ],
)
def test_blackouts_that_overlap_are_one(now: str, start: str, end: str | None) -> None:
    closures = Closures(
        (
            Span(at("2026-11-24T10:00+00:00"), at("2026-11-24T14:00+00:00")),
            Span(at("2026-11-24T11:00+00:00"), at("2026-11-24T12:00+00:00")),
        )
    )

    found = closures.span(at(now), timedelta(minutes=5))

    assert found == Span(at(start), at(end) if end else FOREVER)


def test_a_blackout_of_a_place_holds_only_there() -> None:
    windows = CallingWindows.model_validate(
        {
            "blackouts": [
                {
                    "start": "2026-08-29T00:00-05:00",
                    "end": "2026-09-05T00:00-05:00",
                    "jurisdiction": "US-LA",
                },
                {"start": "2026-12-24T00:00-05:00", "end": "2026-12-27T00:00-05:00"},
            ]
        }
    )

    assert len(blackouts(windows, ["US", "US-LA"]).closed) == 2
    assert len(blackouts(windows, ["US", "US-TX"]).closed) == 1


@pytest.mark.parametrize(
    "windows, saturday, sunday",
    [
        ({}, (), ()),
        ({"default": {"days": "daily", "hours": "09:00-20:00"}}, ((540, 1200),), ((540, 1200),)),
        ({"weekends": {"hours": "10:00-16:00"}}, ((600, 960),), ((600, 960),)),
        ({"weekends": {"days": "sat", "hours": "10:00-16:00"}}, ((600, 960),), ()),
        (
            {"default": {"days": "daily"}, "weekends": {"hours": "10:00-16:00"}},
            ((600, 960),),
            ((600, 960),),
        ),
    ],
)
def test_weekends_say_what_holds_on_saturday_and_sunday(
    windows: dict[str, object], saturday: tuple[object, ...], sunday: tuple[object, ...]
) -> None:
    week = campaign_schedule(CallingWindows.model_validate(windows)).week

    assert week[0] == ((540, 1200),)
    assert week[5:] == (saturday, sunday)


def test_adding_24_hours_would_open_an_hour_early_and_the_second_opinion_sees_it() -> None:
    # Clocks go back on 1 November: from one opening to the next it is 25 hours.
    hours = Hours(dict.fromkeys(DAYS, "09:00-20:00"), "America/New_York")
    back = at("2026-10-31T09:00-04:00")

    by_arithmetic = back + timedelta(hours=24)
    ours = first_opening(
        [local_hours(weekly("09:00-20:00"), "America/New_York")], back + timedelta(hours=12)
    )

    assert not oracle.legal([hours], by_arithmetic, timedelta(0))
    assert by_arithmetic.astimezone(oracle.clock("America/New_York")).hour == 8
    assert ours is not None
    assert ours.start == by_arithmetic + timedelta(hours=1)
    assert oracle.legal([hours], ours.start, timedelta(0))
