"""Numbers of a list, a million at a time."""

import re
from decimal import Decimal, InvalidOperation

from campaign.rules.phone import Phone, Reason, Rejected, exchange, read_phone

_GAP = r"[ .\-()]*"
_NANP = re.compile(rf"(\+?1)?{_GAP}([2-9]\d\d){_GAP}([2-9]\d\d){_GAP}(\d{{4}})", re.ASCII)
_PLUS_ONE = frozenset({"US", "CA"})


def read_number(text: str, country: str | None) -> Phone | Rejected:
    """Read a number as `read_phone` does, and also one kept as a number: `13125550101.0`."""
    found = _NANP.fullmatch(text)
    if found is not None and (country in _PLUS_ONE or text[0] == "+"):
        return _north_american(found[2] + found[3], found[4])
    number = read_phone(text, country)
    if isinstance(number, Rejected) and number.reason is Reason.SPREADSHEET:
        digits = _exact_digits(text)
        return read_phone(digits, country) if digits else number
    return number


def _north_american(first_six: str, last_four: str) -> Phone | Rejected:
    # Within 555 the last four digits count, as they do elsewhere in +1.
    known = None if first_six.endswith("555") else exchange(first_six)
    e164 = f"+1{first_six}{last_four}"
    return read_phone(e164) if known is None else Phone(e164, *known)


def _exact_digits(text: str) -> str | None:
    """Return the digits of a decimal number that has lost none of them: not of `1.31E+10`."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    kept = len(number.as_tuple().digits)
    whole = number == number.to_integral_value()
    digits = f"{number:.0f}" if whole else ""
    return digits if digits and kept >= len(digits) else None
