"""One account, asked by many: who waits, for what, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.errors import ClocksDiffer, RateLimited
from providers.throttle import MOST_SKEW, PATIENCE, Throttle

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


class PatientClock:
    """Waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.time = NOON
        self.waits: list[timedelta] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, length: timedelta) -> None:
        if length > timedelta(0):
            self.waits.append(length)
            self.time += length


def refusal(seconds: float | None, *, capacity: bool = False) -> RateLimited:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return RateLimited("no", retry_after=wait, capacity=capacity)


async def test_a_short_wait_is_waited_by_everybody_who_asks() -> None:
    clock = PatientClock()
    throttle = Throttle(clock)
    throttle.refused(refusal(3))

    await throttle.turn()
    await throttle.turn(dials=True)

    assert clock.waits == [timedelta(seconds=3)]


async def test_a_long_wait_is_left_to_the_caller() -> None:
    throttle = Throttle(PatientClock())
    throttle.refused(refusal(90))

    with pytest.raises(RateLimited) as refused:
        await throttle.turn()

    assert refused.value.retry_after == timedelta(seconds=90)
    assert timedelta(seconds=90) > PATIENCE


async def test_the_longest_of_several_waits_counts() -> None:
    throttle = Throttle(PatientClock())
    throttle.refused(refusal(90))
    throttle.refused(refusal(1))

    with pytest.raises(RateLimited):
        await throttle.turn()


async def test_who_says_too_fast_and_not_for_how_long_is_left_alone_for_a_moment() -> None:
    clock = PatientClock()
    throttle = Throttle(clock)
    throttle.refused(refusal(None))

    await throttle.turn()

    assert clock.waits == [timedelta(seconds=1)]


async def test_without_a_free_line_everything_but_dialling_goes_on() -> None:
    clock = PatientClock()
    throttle = Throttle(clock)
    throttle.refused(refusal(None, capacity=True))

    await throttle.turn()
    with pytest.raises(RateLimited):
        await throttle.turn(dials=True)

    assert clock.waits == []


async def test_an_account_is_asked_no_faster_than_we_allow_ourselves() -> None:
    clock = PatientClock()
    throttle = Throttle(clock, per_second=2)

    for _ in range(5):
        await throttle.turn()

    assert clock.time - NOON == timedelta(seconds=2)


@pytest.mark.parametrize("seconds", [-600, 61, 90_000])
async def test_nothing_is_submitted_by_a_clock_that_the_provider_does_not_share(
    seconds: int,
) -> None:
    throttle = Throttle(PatientClock())
    throttle.heard(http_date(NOON + timedelta(seconds=seconds)))

    await throttle.turn()
    with pytest.raises(ClocksDiffer, match=f"differ by {seconds} s"):
        await throttle.turn(dials=True)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "soon",
        "Wed, 99 Foo 2026 12:00:00 GMT",
        "Mon, 99999999999999999999 Jan 2026 12:00:00 GMT",
        "Mon, 05 Jan 2026 12:00:00 +99999999999999999999",
    ],
)
async def test_a_date_that_makes_no_sense_stops_nobody(date: str) -> None:
    throttle = Throttle(PatientClock())
    throttle.heard(date)

    await throttle.turn(dials=True)


async def test_a_clock_that_was_set_right_is_believed_again() -> None:
    throttle = Throttle(PatientClock())
    throttle.heard(http_date(NOON + 2 * MOST_SKEW))
    throttle.heard(http_date(NOON + timedelta(seconds=1)))

    await throttle.turn(dials=True)


def http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
