"""Time zones from the `tzdata` package, so that every machine judges by the same data.

`zoneinfo` prefers the machine's own files, which are often a year or more behind: with 2025b it is
an hour off in Vancouver, Edmonton and Winnipeg from the autumn of 2026 on.
"""

from collections import defaultdict
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata

EDITION = tzdata.IANA_VERSION
"""Which edition of the IANA data this is, such as `2026f`."""


class UnknownZoneError(ValueError):
    """Not the name of a place's time zone."""


@cache
def _names() -> dict[str, str]:
    """Official spelling by lower-case name, of zones that belong to a place.

    Left out are names without a place (`EST` is an hour off for half of the year where people mean
    `America/New_York`) and `Etc/GMT+5`, whose sign is the opposite of what people expect.
    """
    listed = (files("tzdata") / "zones").read_text("utf-8").split()
    return {name.casefold(): name for name in listed if "/" in name and not name.startswith("Etc/")}


def read_zone(text: str) -> str:
    """The official name of the zone that `text` means. Raises `UnknownZoneError`, never guesses."""
    try:
        return _names()[text.strip().replace(" ", "_").casefold()]
    except KeyError:
        raise UnknownZoneError("not an IANA time zone such as America/Chicago") from None


@cache
def zone(name: str) -> ZoneInfo:
    """The rules of the zone with this official name. Raises `UnknownZoneError`."""
    if _names().get(name.casefold()) != name:
        raise UnknownZoneError("not an IANA time zone such as America/Chicago")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every zone in use in a country (ISO 3166 alpha-2); empty for no such country."""
    return tuple(sorted(_by_country().get(country, ())))


@cache
def _by_country() -> dict[str, set[str]]:
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found[country].add(name)
    return found
