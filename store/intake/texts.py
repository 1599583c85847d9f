"""Values of typed sources (Parquet, sheets, SQL, JSON) as the text that people would write."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

MAX_TEXT = 131_072
"""Characters of one value, as in a CSV file."""


def text_of(value: Any) -> str:
    """Return it as text: no value is empty, 1.3125550101e10 is `13125550101`, midnight is a date.

    Raises `ValueError` for bytes that are no text, and for a value that is too long.
    """
    text = value if isinstance(value, str) else _written(value)
    if len(text) > MAX_TEXT:
        raise ValueError(f"the value is longer than {MAX_TEXT} characters")
    return text.strip()


def _written(value: Any) -> str:  # noqa: PLR0911 - one line for each type
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        return _digits(Decimal(repr(value)) if isinstance(value, float) else value)
    if isinstance(value, datetime):
        midnight = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=text_of, ensure_ascii=False)
    return str(value)


def _digits(number: Decimal) -> str:
    """Without exponent or empty fraction. Not-a-number is how some tools write a missing one."""
    if not number.is_finite():
        return "" if number.is_nan() else str(number)
    whole = number == number.to_integral_value()
    return f"{number.to_integral_value() if whole else number.normalize():f}"
