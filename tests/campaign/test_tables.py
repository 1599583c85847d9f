"""The tables that ship: complete as far as the library and the zone data can tell."""

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import timezone as library

from campaign.rules.law import Confidence, shipped_rules
from campaign.rules.places import (
    country_of,
    in_european_union,
    states,
    states_of_area_code,
    zones_of_area_code,
)
from campaign.rules.zonedata import zone, zones_of_country
from tests.campaign.oracle import fictional, rows

PEOPLE = {0, 1, 2}
MONTHS = [datetime(2026, 1, 15, tzinfo=UTC) + timedelta(days=30 * n) for n in range(30)]


def offsets(name: str) -> tuple[timedelta | None, ...]:
    return tuple(moment.astimezone(zone(name)).utcoffset() for moment in MONTHS)


def test_every_area_code_of_people_in_the_us_and_canada_is_in_the_table() -> None:
    # A new area code must be added here before anybody in it can be called.
    for area in map(str, range(200, 1000)):
        number = phonenumbers.parse(fictional(area))
        region = phonenumbers.region_code_for_number(number)
        if (
            region
            and country_of(region) in {"US", "CA"}
            and phonenumbers.number_type(number) in PEOPLE
        ):
            assert {code[:2] for code in states_of_area_code(area)} == {country_of(region)}, area


def test_every_area_code_is_in_the_table_once_and_every_state_with_people_has_one() -> None:
    listed = [code for row in rows("area_codes") for code in row["area_codes"].split()]
    served = {state for row in rows("area_codes") for state in row["states"].split("|")}
    elsewhere = {"US-AA", "US-AE", "US-AP", "US-FM", "US-MH", "US-PW"}

    assert len(listed) == len(set(listed))
    assert served == set(states()) - elsewhere


def test_zones_of_area_codes_lie_in_the_zones_of_their_states() -> None:
    for row in rows("area_code_zones"):
        for area in row["area_codes"].split():
            here = {
                offsets(name) for code in states_of_area_code(area) for name in states()[code].zones
            }
            assert {offsets(name) for name in zones_of_area_code(area)} <= here, area


def test_what_the_library_answers_lies_in_the_zones_of_the_state_but_for_known_errors() -> None:
    # Central for Orlando, Winnipeg for Saskatchewan, standard time all year for Labrador.
    known = {"689", "474", "879"}
    for row in rows("area_codes"):
        here = {offsets(name) for code in row["states"].split("|") for name in states()[code].zones}
        for area in row["area_codes"].split():
            number = phonenumbers.parse(fictional(area))
            if not phonenumbers.is_valid_number(number):
                continue
            answered = library.time_zones_for_number(number)
            assert {offsets(name) for name in answered} <= here or area in known, area


# Zones that the zone data place in one state, by what stands in their name or comment.
IN_STATE = {
    "US-AK": ("Anchorage", "Juneau", "Sitka", "Metlakatla", "Yakutat", "Nome", "Adak"),
    "US-AZ": ("Phoenix", "Denver"),
    "US-HI": ("Honolulu",),
    "US-ID": ("Boise", "Los_Angeles"),
    "US-IN": (
        "Indiana/Indianapolis",
        "Indiana/Vincennes",
        "Indiana/Winamac",
        "Indiana/Marengo",
        "Indiana/Petersburg",
        "Indiana/Vevay",
        "Indiana/Tell_City",
        "Indiana/Knox",
    ),
    "US-KY": ("Kentucky/Louisville", "Kentucky/Monticello", "Chicago"),
    "US-MI": ("Detroit", "Menominee"),
    "US-ND": (
        "North_Dakota/Center",
        "North_Dakota/New_Salem",
        "North_Dakota/Beulah",
        "Denver",
    ),
    "US-OR": ("Boise", "Los_Angeles"),
    "CA-BC": ("Vancouver", "Dawson_Creek", "Fort_Nelson", "Creston", "Edmonton"),
    "CA-NL": ("St_Johns", "Goose_Bay"),
    "CA-NU": ("Iqaluit", "Resolute", "Rankin_Inlet", "Cambridge_Bay", "Atikokan"),
    "CA-ON": ("Toronto", "Atikokan", "Winnipeg"),
    "CA-QC": ("Toronto", "Blanc-Sablon"),
    "CA-SK": ("Regina", "Swift_Current", "Edmonton"),
    "CA-YT": ("Whitehorse", "Dawson"),
}


@pytest.mark.parametrize("state", IN_STATE)
def test_the_zones_of_a_state_keep_every_clock_that_the_zone_data_know_in_it(state: str) -> None:
    found = {offsets(name) for name in states()[state].zones}
    names = [
        name if name.startswith("Pacific/") else f"America/{name}"
        for name in IN_STATE[state]
        if name != "Honolulu"
    ]

    assert {offsets(name) for name in names} <= found


@pytest.mark.parametrize("country", ["US", "CA"])
def test_every_clock_of_a_country_is_kept_by_one_of_its_states(country: str) -> None:
    kept = {
        offsets(name)
        for state in states().values()
        if state.code.startswith(country)
        for name in state.zones
    }

    assert {offsets(name) for name in zones_of_country(country)} <= kept


def test_post_codes_are_ranges_of_known_states_and_do_not_overlap() -> None:
    seen: set[str] = set()
    for row in rows("postcodes"):
        assert row["first"] <= row["last"]
        assert len(row["first"]) == len(row["last"])
        assert set(row["states"].split("|")) <= set(states())
        if row["first"].isdigit():
            covered = {
                f"{n:0{len(row['first'])}}" for n in range(int(row["first"]), int(row["last"]) + 1)
            }
        else:
            covered = {row["first"]}
        assert seen.isdisjoint(covered)
        seen |= covered


def test_every_state_has_post_codes() -> None:
    reached = {state for row in rows("postcodes") for state in row["states"].split("|")}

    assert reached == set(states())


def test_groups_of_countries_are_of_known_countries() -> None:
    assert len([code for code in zones_by_country() if in_european_union(code)]) == 27
    for row in rows("country_groups"):
        assert set(row["members"].split()) <= zones_by_country()


def zones_by_country() -> set[str]:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return {a + b for a in alphabet for b in alphabet if zones_of_country(a + b)}


@pytest.mark.parametrize("row", rows("calling_rules"), ids=lambda row: row["rule"])
def test_every_rule_says_where_it_comes_from_and_when_it_was_checked(row: dict[str, str]) -> None:
    rule = next(rule for rule in shipped_rules() if rule.name == row["rule"])

    assert rule.source
    assert rule.confidence is not Confidence.OPERATOR
    assert date(2024, 1, 1) <= rule.as_of <= date(2026, 11, 30)
    assert rule.place in {*states(), "EU", "*"} or zones_of_country(rule.place)
    assert rule.place == row["rule"] or row["rule"] == "US-debt"
    for name in rule.clock:
        assert name in states()[rule.place].zones
    assert bool(rule.prohibited) == (rule.schedule.week == ((),) * 7)


def test_rules_are_named_once() -> None:
    names = [rule.name for rule in shipped_rules()]

    assert len(names) == len(set(names))


TABLES = (
    "area_code_zones",
    "area_codes",
    "calling_rules",
    "country_groups",
    "fictional_ranges",
    "postcodes",
    "states",
)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_plain_text_with_a_header(name: str) -> None:
    assert rows(name)
    assert all(re.fullmatch(r"[a-z_]+", column) for column in rows(name)[0])
    assert None not in [value for row in rows(name) for value in row.values()]


def said_in_the_manual(row: dict[str, str]) -> str:
    """The row as the manual has it."""
    week = {"mon-fri": row["mon_fri"], "sat": row["sat"], "sun": row["sun"]}
    if row["prohibited"]:
        hours = "nobody is called"
    elif row["mon_fri"] == "any":
        hours = "no hours"
    elif len(set(week.values())) == 1:
        hours = f"daily {row['mon_fri']}"
    else:
        hours = ", ".join(f"{day} {said}" for day, said in week.items()).replace("none", "closed")
    hours += "*" if "house default" in row["note"] else ""
    marketing, otherwise = row["consent_marketing"], row["consent_otherwise"]
    besides = [
        f"{row['purposes'].replace('_', ' ')} only" if row["purposes"] != "all" else "",
        "closed on holidays" if row["closed_on"] else "",
        f"at most {row['caps'].replace(';', ' and ')}" if row["caps"] else "",
        f"consent {marketing}" if marketing == otherwise != "none" else "",
        f"consent {marketing}, {otherwise} if not marketing" if marketing != otherwise else "",
        "presumed by area code" if row["by_area_code"] == "yes" else "",
        f"by the clock of {row['clock'].replace('|', ' and ')}" if row["clock"] else "",
    ]
    name = "any other country" if row["rule"] == "*" else row["rule"]
    cells = (name, hours, "; ".join(filter(None, besides)), row["confidence"], row["as_of"])
    return f"| {' | '.join(cells)} |"


def test_the_manual_shows_every_rule_as_it_is() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "calling-rules.md").read_text("utf-8")

    missing = [
        said for row in rows("calling_rules") if (said := said_in_the_manual(row)) not in manual
    ]

    assert missing == []


def test_every_table_goes_into_the_package() -> None:
    data = Path(__file__).parents[2] / "campaign" / "rules" / "data"
    excluded = tomllib.loads((data.parents[2] / "pyproject.toml").read_text())["tool"]["hatch"]

    assert {path.stem for path in data.glob("*.csv")} == {*TABLES}
    assert "campaign" in excluded["build"]["targets"]["wheel"]["packages"]
    assert "exclude" not in excluded["build"]["targets"]["wheel"]
