import io
import logging
from collections.abc import Generator

import pytest

from campaign.redaction import install, redact, shorten

NUMBERS = [
    "+13125550142",
    "13125550142",
    "3125550142",
    "(312) 555-0142",
    "312-555-0142",
    "312.555.0142",
    "+1 312 555 0142",
    "+44 7700 900142",
    "+447700900142",
    "%2B13125550142",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "to={}&x", "number {}, again", "'{}'", "/calls/{}?a"])
def test_of_a_number_only_its_last_two_digits_are_left(number: str, around: str) -> None:
    said = redact(around.format(number))

    assert said == around.format("…42")


@pytest.mark.parametrize(
    "text",
    [
        "batch od1-abcdefgh-3-1-0bbb08c6",
        "597797f2-0ba4-427b-82bf-e7894bc2c8d4",
        "12 of 300 people in 3.5 s",
        "2026-11-22T12:30:05.123456+00:00",
        "port 127.0.0.1:8855",
        "sha256 9f86d081884c7d659a2feaa0c55ad015",
        "12345 rows",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert redact(text) == text


def test_a_number_is_shown_to_its_owner_by_country_and_last_digits() -> None:
    assert shorten("+13125550142") == "+1…42"


@pytest.fixture
def log() -> Generator[io.StringIO]:
    """A log as any library would write it, after redaction was installed."""
    make_record, level = logging.getLogRecordFactory(), logging.getLogger("httpx").level
    install()
    install()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logger.propagate = True
    logging.setLogRecordFactory(make_record)
    logging.getLogger("httpx").setLevel(level)


def test_no_handler_sees_a_number_in_a_message_or_its_arguments(log: io.StringIO) -> None:
    logging.getLogger("somebody.elses").warning("calling %s for +13125550142", "312-555-0143")

    assert log.getvalue() == "WARNING calling …43 for …42\n"


def test_no_handler_sees_a_number_in_a_traceback(log: io.StringIO) -> None:
    try:
        int("+13125550142 is no person")
    except ValueError:
        logging.getLogger("somebody.elses").exception("it failed")

    assert "…42" in log.getvalue()
    assert "3125550142" not in log.getvalue()
    assert "Traceback" in log.getvalue()


def test_arguments_that_do_not_fit_are_left_to_the_handler(log: io.StringIO) -> None:
    record = logging.getLogger("somebody.elses").makeRecord(
        "x", logging.INFO, "f", 1, "%d people", ("many",), None
    )

    assert record.args == ("many",)


def test_the_addresses_that_httpx_writes_at_info_are_not_written(log: io.StringIO) -> None:
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
