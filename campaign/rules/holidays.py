"""Public holidays, named by country and subdivision: `US`, `US-RI`, `GB-SCT`."""

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache

from holidays import HolidayBase, country_holidays


@cache
def calendar(name: str) -> HolidayBase:
    """The holidays of a country or a part of it, days on which they are observed included.

    Raises `NotImplementedError` for a place that the `holidays` package does not know.
    """
    country, _, part = name.partition("-")
    # Said in English whatever the machine speaks: a reason reads the same everywhere.
    return country_holidays(country, subdiv=part or None, language="en_US")


@lru_cache(maxsize=65536)
def holiday(calendars: Iterable[str], day: date) -> str | None:
    """The name of a holiday on that date in any of the calendars."""
    for name in sorted(calendars):
        found = calendar(name).get(day)
        if found is not None:
            return str(found)
    return None
