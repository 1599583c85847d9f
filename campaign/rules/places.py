"""States, provinces, area codes and post codes of North America, and whose territories are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from campaign.rules.tables import table


@dataclass(frozen=True, slots=True)
class State:
    """A state or province, by its ISO 3166-2 code (`US-FL`, `CA-ON`)."""

    code: str
    name: str
    zones: tuple[str, ...]
    """Every zone in use there; empty: nobody knows where the person is (military mail)."""


@cache
def states() -> dict[str, State]:
    """All of them, by code."""
    return {
        row["state"]: State(row["state"], row["name"], _parts(row["zones"]))
        for row in table("states")
    }


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


@cache
def _area_codes() -> dict[str, tuple[str, ...]]:
    return {
        code: _parts(row["states"])
        for row in table("area_codes")
        for code in row["area_codes"].split()
    }


def states_of_area_code(area_code: str) -> tuple[str, ...]:
    """Where the numbers of a US or Canadian area code are given out; empty: not in the table."""
    return _area_codes().get(area_code, ())


@cache
def _area_code_zones() -> dict[str, tuple[str, ...]]:
    return {
        code: _parts(row["zones"])
        for row in table("area_code_zones")
        for code in row["area_codes"].split()
    }


def zones_of_area_code(area_code: str) -> tuple[str, ...]:
    """Zones besides those that the library answers: it knows one where there are two."""
    return _area_code_zones().get(area_code, ())


# They share a numbering plan, and no code of a state is a code of a province.
_WITH_STATES = ("US", "CA")


@lru_cache(maxsize=4096)
def read_state(text: str, countries: frozenset[str]) -> State | None:
    """The state that a list means by `FL`, `Florida` or `US-FL`; None: there is none."""
    wanted = " ".join(text.replace(".", "").split()).casefold()
    if (full := states().get(wanted.upper())) is not None:
        return full
    for state in states().values():
        country, _, code = state.code.partition("-")
        names = (code.casefold(), state.name.replace(".", "").casefold())
        if country in countries and wanted in names:
            return state
    return None


def has_states(countries: Iterable[str]) -> bool:
    """We have a table of the states of at least one of these countries."""
    return any(country in _WITH_STATES for country in countries)


_ZIP = re.compile(r"(\d{4,5})(?:-?\d{4})?", re.ASCII)
_CANADIAN = re.compile(r"[A-Z]\d[A-Z] ?(?:\d[A-Z]\d)?", re.ASCII)
_ZIP_DIGITS = 5


@lru_cache(maxsize=65536)
def states_of_postcode(text: str, countries: frozenset[str]) -> tuple[str, ...]:
    """The states that a ZIP or Canadian post code lies in; empty: it cannot be told.

    A ZIP code of four digits has lost its zero to a spreadsheet.
    """
    wanted = text.strip().upper()
    if "US" in countries and (found := _ZIP.fullmatch(wanted)) is not None:
        digits = found[1].zfill(_ZIP_DIGITS)
        return _zip_states(digits) or _zip_states(digits[:3])
    if "CA" in countries and _CANADIAN.fullmatch(wanted):
        return _zip_states(wanted[0])
    return ()


def _zip_states(prefix: str) -> tuple[str, ...]:
    return _postcodes().get(prefix, ())


@cache
def _postcodes() -> dict[str, tuple[str, ...]]:
    """States by three or five digits of a ZIP code and by the first letter of a Canadian code."""
    found: dict[str, tuple[str, ...]] = {}
    for row in table("postcodes"):
        first, last, here = row["first"], row["last"], _parts(row["states"])
        if not first.isdigit():
            found[first] = here
            continue
        for number in range(int(first), int(last) + 1):
            found[str(number).zfill(len(first))] = here
    return found


@cache
def _groups() -> dict[str, frozenset[str]]:
    return {row["group"]: frozenset(row["members"].split()) for row in table("country_groups")}


def in_european_union(country: str) -> bool:
    """It is a member state."""
    return country in _groups()["EU"]


@lru_cache(maxsize=512)
def country_of(region: str) -> str:
    """The country whose rules hold in a region: `US` for Puerto Rico, `GB` for Jersey."""
    for country, members in _groups().items():
        if region in members and country != "EU":
            return country
    return region
