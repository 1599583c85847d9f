from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from providers.moments import iso, moment, seconds_between

AT = datetime(2026, 11, 2, 9, 15, 4, 127_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-02T09:15:04.127Z",
        "2026-11-02T09:15:04.127000+00:00",
        "2026-11-02T10:15:04.127+01:00",
        "2026-11-02T09:15:04.127",
        " 2026-11-02 09:15:04.127Z ",
        1793610904.127,
        1793610904127,
    ],
)
def test_a_time_is_read_in_every_form_that_providers_write(said: Any) -> None:
    read = moment(said)

    assert read == AT
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "said",
    [None, "", "soon", "0001-01-01T00:00:00Z", 0, -5, 1e300, float("nan"), True, [], {"at": 1}],
)
def test_what_is_no_time_is_none_and_no_error(said: Any) -> None:
    assert moment(said) is None


def test_times_are_written_in_utc_with_milliseconds() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-6)))

    assert iso(there) == "2026-11-02T09:15:04.127Z"
    assert iso(AT.replace(microsecond=0)) == "2026-11-02T09:15:04.000Z"


def test_a_length_needs_both_times_in_their_order() -> None:
    later = AT + timedelta(seconds=74.5)

    assert seconds_between(AT, later) == pytest.approx(74.5)
    assert seconds_between(AT, AT) == 0
    assert seconds_between(None, AT) is None
    assert seconds_between(AT, None) is None
    assert seconds_between(later, AT) is None
