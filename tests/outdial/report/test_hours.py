from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaign.rules.zones import Clues
from outdial.report.hours import Day, day
from store.reports.campaign import Started

NUMBER = "+12125550100"
ZONES = [
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/London",
]


def call(
    at: datetime,
    zone: str | None = None,
    *,
    answered: bool = True,
    e164: str = NUMBER,
    region: str | None = "US",
) -> Started:
    return Started(at=at, answered=answered, clues=Clues(e164=e164, region=region, timezone=zone))


def told(said: Day) -> dict[int, tuple[int, int]]:
    return {one.hour: (one.calls, one.answered) for one in said.hours if one.calls}


@given(
    st.lists(
        st.tuples(
            st.datetimes(
                datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
                datetime(2027, 1, 1),  # noqa: DTZ001
                timezones=st.just(UTC),
            ),
            st.sampled_from(ZONES),
            st.booleans(),
        )
    )
)
def test_each_call_is_in_the_hour_that_the_persons_clock_showed(
    calls: list[tuple[datetime, str, bool]],
) -> None:
    said = day(call(at, zone, answered=answered) for at, zone, answered in calls)

    expected: dict[int, tuple[int, int]] = {}
    for at, zone, answered in calls:
        hour = at.astimezone(ZoneInfo(zone)).hour
        many, yes = expected.get(hour, (0, 0))
        expected[hour] = (many + 1, yes + answered)
    assert told(said) == expected
    assert (said.unsure, said.unknown) == (0, 0)
    assert [one.hour for one in said.hours] == list(range(24))


def test_the_hour_follows_the_change_of_clocks() -> None:
    winter, summer = datetime(2026, 1, 5, 15, tzinfo=UTC), datetime(2026, 7, 6, 15, tzinfo=UTC)

    said = day([call(winter, "America/New_York"), call(summer, "America/New_York")])

    assert told(said) == {10: (1, 1), 11: (1, 1)}


def test_a_person_who_may_be_in_several_zones_counts_in_the_middle_and_is_told_of() -> None:
    toll_free = "+18005550100"  # May ring anywhere in North America.

    said = day([call(datetime(2026, 7, 6, 18, tzinfo=UTC), e164=toll_free)])

    assert sum(one.calls for one in said.hours) + said.unknown == 1
    assert said.unsure + said.unknown == 1


def test_a_call_whose_clock_nobody_knows_is_counted_and_not_shown() -> None:
    lost: Iterable[Started] = [call(datetime(2026, 7, 6, 18, tzinfo=UTC), "Mars/Olympus")]

    said = day(lost)

    assert told(said) == {}
    assert said.unknown == 1
