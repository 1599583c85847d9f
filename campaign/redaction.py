"""Log lines without telephone numbers: only the last two digits are left of each."""

import logging
import re
import traceback
from typing import Any

# E.164 and other long runs of digits, and numbers as people group them. Digits inside a word, such
# as a UUID or a tag, are no number.
_NUMBER = re.compile(
    r"""
    (?<![\w+-])(?:\+|%2[Bb])?\d{8,13}(\d\d)(?![\w-])
    | (?<![\w+-])(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{2}(\d\d)(?![\w-])
    | \+\d[\d ().-]{5,16}(\d\d)(?!\d)
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """Return the text with each telephone number cut to its last two digits."""
    return _NUMBER.sub(lambda found: f"…{found[1] or found[2] or found[3]}", text)


def shorten(number: str) -> str:
    """Return what may be shown of one number to the operator: country and last two digits."""
    return f"{number[:2]}…{number[-2:]}"


def install() -> None:
    """Redact every log record as it is made, so that no handler of this process sees a number."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def redacting(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return _redacted(make(*args, **kwargs))

    vars(redacting)["redacts"] = True
    logging.setLogRecordFactory(redacting)
    # At INFO it writes each request's whole URL, with numbers in the query.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _redacted(record: logging.LogRecord) -> logging.LogRecord:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # The handler will complain about the arguments.
        return record
    record.msg, record.args = redact(message), None
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
    return record
