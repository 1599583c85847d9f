import subprocess
import sys
from datetime import date

import pytest

from campaign.rules.holidays import calendar, holiday
from campaign.rules.hours import parse_days, parse_hours, say_hours
from campaign.rules.schedule import ALWAYS, weekly


@pytest.mark.parametrize(
    "text, days",
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon-Fri", {0, 1, 2, 3, 4}),
        ("mon,wed , sat", {0, 2, 5}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sun", {6}),
        ("mon-wed,sat", {0, 1, 2, 5}),
        ("daily", set(range(7))),
    ],
)
def test_days_are_a_range_a_list_or_daily(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize(
    "text", ["", "monday", "mon-", "-fri", "mon fri", "weekdays", "1-5", "mon,,fri"]
)
def test_days_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mon-fri"):
        parse_days(text)


@pytest.mark.parametrize(
    "text, hours",
    [
        ("09:00-20:00", ((540, 1200),)),
        (" 9:00 - 20:30 ", ((540, 1230),)),
        ("10:00-13:00;14:00-20:00", ((600, 780), (840, 1200))),
        ("14:00-20:00;10:00-13:00", ((600, 780), (840, 1200))),
        ("10:00-14:00;13:00-20:00", ((600, 1200),)),
        ("00:00-24:00", ((0, 1440),)),
    ],
)
def test_hours_are_stretches_of_a_day(text: str, hours: tuple[tuple[int, int], ...]) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9-20",
        "09:00",
        "09:00-",
        "22:00-02:00",
        "09:00-09:00",
        "09:60-10:00",
        "10:00-24:30",
        "25:00-26:00",
        "09:00-20:00;",
    ],
)
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|day"):
        parse_hours(text)


def test_hours_are_said_as_they_are_written() -> None:
    assert say_hours(parse_hours("10:00-13:00;14:00-20:00")) == "10:00-13:00;14:00-20:00"
    assert say_hours(()) == "closed"


def test_a_holiday_is_closed_whatever_the_week_says() -> None:
    schedule = weekly("09:00-17:00", "daily", frozenset({"US"}))

    assert schedule.on(date(2026, 11, 26)) == ()
    assert schedule.on(date(2026, 11, 27)) == ((540, 1020),)
    assert schedule.without_holidays().on(date(2026, 11, 26)) == ((540, 1020),)


def test_only_every_hour_of_every_day_is_always() -> None:
    assert ALWAYS.always
    assert weekly("00:00-12:00;12:00-24:00").always
    assert not weekly("00:00-24:00", "mon-sat").always
    assert not weekly("00:00-24:00", "daily", frozenset({"US"})).always


def test_holidays_are_said_in_english_whatever_the_machine_speaks() -> None:
    assert holiday(frozenset({"FR"}), date(2027, 1, 1)) == "New Year's Day"
    assert holiday(frozenset({"DE", "FR"}), date(2027, 1, 4)) is None
    assert calendar("FR").language == "en_US"


def test_reading_a_campaign_file_needs_neither_holidays_nor_numbering_plans() -> None:
    heavy = (
        "import sys, campaign.spec;"
        "print([name for name in ('holidays', 'phonenumbers') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
