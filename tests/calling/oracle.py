"""A second opinion about every ring, from the shipped tables and wall clocks alone.

Nothing of ours is called here: how a rule binds, which clocks count and what a window means is
written out once more, as the documentation tells it, without a thought for speed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import phonenumbers
from phonenumbers import timezone

from tests.calling.people import POSTCODES, Row
from tests.campaign.oracle import DAYS, Hours, rows, week_of, within_cap

Spec = Mapping[str, Any]
"""The `policy` of a campaign file, or its `calling_windows`, as written."""

_NEVER = dict.fromkeys(DAYS, "none")
_CONTIGUOUS = {f"America/{city}" for city in ("New_York", "Chicago", "Denver", "Los_Angeles")}


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One ring of the simulator's ledger."""

    number: str
    at: datetime
    asked_at: datetime
    """When the request came that let it ring."""


@dataclass(frozen=True, kw_only=True)
class There:
    """Where a person may be; nowhere known if there are no zones."""

    zones: frozenset[str]
    number_zones: frozenset[str]
    countries: frozenset[str]
    states: frozenset[str]
    number_states: frozenset[str]


def complaints(
    policy: Spec,
    people: Mapping[str, Row],
    rings: Sequence[Rung],
    suppressed: Mapping[str, datetime],
) -> list[str]:
    """Say what is wrong with the rings of a campaign."""
    said = [
        f"{ring.number} rang at {ring.at:%a %Y-%m-%d %H:%M:%S}Z: {complaint}"
        for ring in rings
        for complaint in _about(policy, people[ring.number], ring, suppressed)
    ]
    for number in sorted({ring.number for ring in rings}):
        times = [ring.at for ring in rings if ring.number == number]
        said += [
            f"{number}: more than {calls} rings in {per}: {', '.join(map(str, times))}"
            for calls, per in _caps(policy, people[number])
            if not within_cap(times, calls, per)
        ]
    return said


def callable_at(policy: Spec, row: Row, at: datetime) -> bool:
    """Whether nothing is wrong with a ring at an instant, as far as time and place go."""
    ring = Rung(number=row["phone_number"], at=at, asked_at=at)
    return not any(_about(policy, row, ring, {}))


def _about(policy: Spec, row: Row, ring: Rung, suppressed: Mapping[str, datetime]) -> Iterator[str]:
    since = suppressed.get(ring.number)
    if since is not None and since <= ring.asked_at:
        yield "it was suppressed before the provider was asked"
    end = policy.get("expires_at")
    if end is not None and ring.at >= datetime.fromisoformat(end):
        yield "the campaign had expired"
    windows = policy["calling_windows"]
    if windows == "any_hour":
        return
    there = whereabouts(row, windows)
    if not there.zones:
        yield "nobody knows which clock counts"
    for blackout in windows.get("blackouts", ()):
        start, over = (datetime.fromisoformat(blackout[name]) for name in ("start", "end"))
        place = blackout.get("jurisdiction")
        everywhere = there.countries | there.states | there.number_states
        if start <= ring.at < over and (place is None or place in everywhere):
            yield "in a blackout"
    for name, hours in _hours(windows, there, ring.at.date()):
        if not hours.open_at(ring.at):
            yield f"{name} is closed in {hours.zone}"


def _caps(policy: Spec, row: Row) -> Iterator[tuple[int, timedelta]]:
    """Caps on rings. Those on conversations and refusals are other tests' business."""
    for cap in policy.get("caps", ()):
        yield cap["calls"], length(cap["per"])
    windows = policy["calling_windows"]
    if windows == "any_hour":
        return
    for rule, _ in _binding(windows, whereabouts(row, windows)):
        for part in filter(None, rule["caps"].split(";")):
            many, what = part.split(" ")
            if what == "attempts":
                calls, _, per = many.partition("/")
                yield int(calls), length(per)


def length(text: str) -> timedelta:
    """Read `30m`, `24h` or `7d`."""
    return int(text[:-1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1)}.get(
        text[-1], timedelta(days=1)
    )


def whereabouts(row: Row, windows: Spec) -> There:
    """Where a person may be, by what the list says and what the number is."""
    number, listed = row["phone_number"], _country(row["country"])
    area = number[2:5] if number.startswith("+1") else ""
    region = _country(phonenumbers.region_code_for_number(phonenumbers.parse(number)) or "GB")
    states = {row["state"]} | set(POSTCODES.get(row["postcode"], ())) if area else set[str]()
    states -= {""}
    countries = {region, listed, *(state[:2] for state in states)} - {""}
    zones = _zones(row, listed, states)
    if zones and windows.get("zone_mode") == "strict_us" and "US" in countries:
        zones |= _CONTIGUOUS
    return There(
        zones=frozenset(zones),
        number_zones=frozenset(_zones_of_number(number)),
        countries=frozenset(countries),
        states=frozenset(states),
        number_states=frozenset(_states_of_area(area)),
    )


def _zones(row: Row, listed: str, states: set[str]) -> set[str]:
    if row["timezone"]:
        return {row["timezone"]} & _zone_names()
    if states:
        known = {line["state"]: set(line["zones"].split("|")) for line in rows("states")}
        return set[str]().union(*(known[state] for state in states))
    return _zones_of_country(listed) if listed else set(_zones_of_number(row["phone_number"]))


@cache
def _zones_of_number(number: str) -> frozenset[str]:
    """Every zone that the library knows, and those in which it is known to be wrong."""
    if number.startswith(("+447700900", "+441632960")):
        return frozenset({"Europe/London"})
    found = set(timezone.time_zones_for_number(phonenumbers.parse(number))) - {"Etc/Unknown"}
    if number.startswith("+1"):
        for line in rows("area_code_zones"):
            if number[2:5] in line["area_codes"].split():
                found.update(line["zones"].split("|"))
    return frozenset(found)


@cache
def _zone_names() -> frozenset[str]:
    """Of zones that belong to a place, with exact spelling."""
    listed = (files("tzdata") / "zones").read_text("utf-8").split()
    return frozenset(name for name in listed if "/" in name and not name.startswith("Etc/"))


def _zones_of_country(country: str) -> set[str]:
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {line[2] for line in lines if line[0] == country}


@cache
def _states_of_area(area: str) -> frozenset[str]:
    found = [line["states"] for line in rows("area_codes") if area in line["area_codes"].split()]
    return frozenset(state for states in found for state in states.split("|"))


def _country(region: str) -> str:
    """The country whose rules are taken: that of a territory."""
    groups = {line["group"]: line["members"].split() for line in rows("country_groups")}
    return next((c for c in ("US", "GB", "FR") if region in groups[c]), region)


def _binding(windows: Spec, there: There) -> Iterator[tuple[dict[str, str], bool]]:
    """The rows of the table that bind, and whether only by the number's area code."""
    if windows.get("jurisdiction") == "none":
        return
    table = [line for line in rows("calling_rules") if line["place"] not in _replaced(windows)]
    known = {line["place"] for line in table} | _replaced(windows)
    union = next(line for line in rows("country_groups") if line["group"] == "EU")
    countries = there.countries | {windows.get("jurisdiction") or ""} - {""}
    places = countries | there.states
    if countries - known:
        places |= {"*"}
    if countries & set(union["members"].split()):
        places |= {"EU"}
    presuming = {line["place"] for line in table if line["by_area_code"] == "yes"}
    by_number = there.number_states - there.states
    by_number &= presuming if there.states else there.number_states
    for line in table:
        about = line["purposes"] == "all" or windows.get("purpose", "marketing") in line[
            "purposes"
        ].split("|")
        if about and line["place"] in places | by_number:
            yield line, line["place"] not in places


def _replaced(windows: Spec) -> set[str]:
    return {rule["place"] for rule in windows.get("rules", ())}


def _hours(windows: Spec, there: There, day: date) -> Iterator[tuple[str, Hours]]:
    """Every set of hours that must be open, in every zone."""
    for zone in there.zones:
        yield "the campaign", Hours(_own_week(windows), zone)
        for rule in windows.get("rules", ()):
            if rule["place"] in there.countries | there.states | there.number_states:
                for_it = rule["windows"][0]
                yield rule["place"], Hours(_week(for_it["days"], for_it["hours"]), zone)
    holidays = windows.get("holidays", True)
    for line, by_number in _binding(windows, there):
        week = week_of(line)
        checked = datetime.fromisoformat(f"{line['as_of']}-01").replace(tzinfo=UTC).date()
        if day - checked > timedelta(days=1095) and line["place"] != "*":
            week = _NEVER
        clocks = there.zones | set(filter(None, line["clock"].split("|")))
        for zone in clocks | there.number_zones if by_number else clocks:
            closed_on = tuple(filter(None, line["closed_on"].split("|"))) if holidays else ()
            yield line["rule"], Hours(week, zone, closed_on)


def _own_week(windows: Spec) -> dict[str, str]:
    default = windows.get("default", {"days": "mon-fri", "hours": "09:00-20:00"})
    week = _week(default["days"], default["hours"])
    if weekends := windows.get("weekends"):
        week |= dict.fromkeys(DAYS[5:], "none") | _week(weekends["days"], weekends["hours"])
    return week


def _week(days: str, hours: str) -> dict[str, str]:
    first, _, last = ("mon-sun" if days == "daily" else days).partition("-")
    return dict.fromkeys(DAYS[DAYS.index(first) : DAYS.index(last or first) + 1], hours)
