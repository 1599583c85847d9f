"""Where a person may be, and so which clocks count.

The person's own zone goes before the state, post code or country of the list, and these go before
what the number tells. A number tells least: every zone that it may be in counts. What cannot be
read blocks; it never opens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import timezone
from phonenumbers.phonenumber import PhoneNumber
from phonenumbers.tzdata import TIMEZONE_DATA

from campaign.rules.phone import Kind, exchange, fictional_range
from campaign.rules.places import (
    State,
    country_of,
    has_states,
    read_state,
    states,
    states_of_area_code,
    states_of_postcode,
    zones_of_area_code,
)
from campaign.rules.zonedata import UnknownZoneError, read_zone, zones_of_country

_PLUS_ONE = frozenset({"US", "CA"})

CONTIGUOUS_US = (
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
)


class ZoneSource(StrEnum):
    """What the zones were taken from."""

    OWN = "the person's own zone"
    STATE = "the state in the list"
    POSTCODE = "the post code in the list"
    COUNTRY = "the country in the list"
    NUMBER = "the number"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a list tells about where a person is. Empty text is the same as None."""

    e164: str
    region: str | None
    """Country of the number, ISO 3166 alpha-2."""
    timezone: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    """Country where the person is, ISO 3166 alpha-2, if the list has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person may be: equal for all with equal clues, so that it can be judged once."""

    zones: tuple[str, ...]
    """People are called only when it is legal in all of them; empty if there is a problem."""
    zones_from: ZoneSource
    countries: tuple[str, ...]
    states: tuple[str, ...] = ()
    """As the list says."""
    number_states: tuple[str, ...] = ()
    """Where the area code of the number is given out."""
    number_zones: tuple[str, ...] = ()
    """The zones that the number may be in; only for numbers with `number_states`."""
    problem: str = ""
    """Why nobody can tell which clock counts."""
    note: str = ""
    """What in the list was not used."""

    @property
    def everywhere(self) -> frozenset[str]:
        """Every country and state that the person may be in."""
        return frozenset(self.countries + self.states + self.number_states)


class _Listed(NamedTuple):
    """The list's own clues, without blanks around them."""

    timezone: str
    state: str
    postcode: str
    country: str


class _Found(NamedTuple):
    """The zones of the best clue, which clue that was, and what is wrong with it."""

    zones: tuple[str, ...]
    source: ZoneSource
    problem: str = ""


def locate(clues: Clues, *, strict_us: bool = False) -> Place:
    """Tell where a person may be; `strict_us`: if in the US, in any of four zones besides."""
    nanp = clues.e164.startswith("+1")
    return _place(
        clues.e164[1:8] if nanp else clues.e164,
        clues.region or "",
        strict_us,
        clues.timezone or "",
        clues.state or "",
        clues.postcode or "",
        clues.country or "",
    )


# Room for every exchange of North America: of a long list, few people are the first of theirs.
@lru_cache(maxsize=1 << 19)
def _place(prefix: str, region: str, strict_us: bool, *said: str) -> Place:
    own, state, postcode, country = map(str.strip, said)
    listed = _Listed(own, state, postcode, country.upper())
    return _locate(_number_place(prefix, region), listed, strict_us)


@lru_cache(maxsize=65536)
def _number_place(prefix: str, region: str) -> Place:
    """What the number alone tells: in +1 its first six digits, elsewhere the whole of it."""
    if not region:
        return _nowhere((), "the country of the number is not known")
    nanp = not prefix.startswith("+")
    return _place_of(
        country_of(region),
        nanp,
        states_of_area_code(prefix[1:4]) if nanp else (),
        _number_zones(prefix, nanp=nanp),
    )


@lru_cache(maxsize=4096)
def _place_of(
    country: str, nanp: bool, area_states: tuple[str, ...], zones: tuple[str, ...]
) -> Place:
    """The one `Place` of all numbers that tell the same."""
    if nanp and country in _PLUS_ONE and not area_states:
        return _nowhere((country,), "its area code is not in the table of this version")
    return Place(
        zones=zones,
        zones_from=ZoneSource.NUMBER,
        countries=(country,),
        number_states=area_states,
        number_zones=zones if area_states else (),
        problem="" if zones else "no time zone is known for its number",
    )


def _nowhere(countries: tuple[str, ...], problem: str) -> Place:
    return Place((), ZoneSource.NOTHING, countries, problem=problem)


def _number_zones(prefix: str, *, nanp: bool) -> tuple[str, ...]:
    if not nanp and (fictional := fictional_range(prefix)) is not None:
        return fictional.zones
    if nanp:
        found = set(_nanp_zones(prefix)).union(zones_of_area_code(prefix[1:4]))
    else:
        found = set(timezone.time_zones_for_number(phonenumbers.parse(prefix)))
    return tuple(sorted(found - {timezone.UNKNOWN_TIMEZONE}))


def _nanp_zones(prefix: str) -> tuple[str, ...]:
    # Elsewhere never the zones of a prefix: of the eight zones of an Australian mobile they are
    # one. Of an ordinary American number the library says the same, in many times the time.
    known = exchange(prefix[1:])
    if known is not None and known[1] is not Kind.VOIP:
        return _zones_of_prefix(prefix)
    number = PhoneNumber(country_code=1, national_number=int(f"{prefix[1:]}0100"))
    return timezone.time_zones_for_number(number)


def _zones_of_prefix(prefix: str) -> tuple[str, ...]:
    """The zones of the longest beginning that the library knows."""
    for length in range(len(prefix), 0, -1):
        zones = TIMEZONE_DATA.get(prefix[:length])
        if zones is not None:
            return zones
    return ()


@lru_cache(maxsize=65536)
def _locate(number: Place, listed: _Listed, strict_us: bool) -> Place:
    named, note = _states_named(number, listed)
    if named is None:
        return _nowhere(number.countries, note)
    country = (country_of(listed.country),) if listed.country else ()
    countries = _merged(number.countries, country, (state.code[:2] for state in named))
    found = _find(number, listed, named)
    zones = found.zones
    if zones and strict_us and "US" in countries:
        zones = _merged(zones, CONTIGUOUS_US)
    return Place(
        zones=zones,
        zones_from=found.source,
        countries=countries,
        states=tuple(state.code for state in named),
        number_states=number.number_states,
        number_zones=number.number_zones,
        problem=found.problem,
        note=note,
    )


def _states_named(number: Place, listed: _Listed) -> tuple[list[State] | None, str]:
    """The states that the list names, and a note; None: the state cannot be read, and why."""
    context = _context(number, listed.country)
    if not has_states(context):
        unused = bool(listed.state or listed.postcode)
        return [], "state and post code are read for the US and Canada only" if unused else ""
    named: list[State] = []
    note = ""
    if listed.state:
        known = read_state(listed.state, context)
        if known is None:
            return None, "its state cannot be read: write FL, Florida or US-FL"
        named.append(known)
    if listed.postcode:
        codes = states_of_postcode(listed.postcode, context)
        named += [states()[code] for code in codes if states()[code] not in named]
        note = "" if codes else "its post code is not in the table and was not used"
    return named, note


def _context(number: Place, country: str) -> frozenset[str]:
    """The countries whose states a list may mean."""
    if country:
        return frozenset({country_of(country)})
    numbered = frozenset(number.countries)
    return numbered | _PLUS_ONE if numbered & _PLUS_ONE else numbered


def _find(number: Place, listed: _Listed, named: Sequence[State]) -> _Found:
    """The zones of the best clue there is. A clue that cannot be read is not passed over."""
    return (
        _unusable(number, listed.country)
        or _of_own(listed.timezone)
        or _of_states(named, ZoneSource.STATE if listed.state else ZoneSource.POSTCODE)
        or _of_country(listed.country)
        or _Found(number.zones, ZoneSource.NUMBER, number.problem)
    )


def _unusable(number: Place, country: str) -> _Found | None:
    if number.zones_from is ZoneSource.NOTHING:
        return _Found((), ZoneSource.NOTHING, number.problem)
    if country and not zones_of_country(country):
        return _Found((), ZoneSource.COUNTRY, "its country cannot be read: write US")
    return None


def _of_own(text: str) -> _Found | None:
    if not text:
        return None
    try:
        return _Found((read_zone(text),), ZoneSource.OWN)
    except UnknownZoneError as error:
        return _Found((), ZoneSource.OWN, f"its own time zone cannot be read: {error}")


def _of_states(named: Sequence[State], source: ZoneSource) -> _Found | None:
    if not named:
        return None
    if not all(state.zones for state in named):
        return _Found((), source, "its address is military mail, which may be anywhere")
    return _Found(_merged(*(state.zones for state in named)), source)


def _of_country(country: str) -> _Found | None:
    return _Found(zones_of_country(country), ZoneSource.COUNTRY) if country else None


def _merged(*parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set[str]().union(*parts)))
