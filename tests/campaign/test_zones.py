from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType
from phonenumbers import timezone as library

from campaign.rules.verdict import Facts, judge
from campaign.rules.zonedata import (
    EDITION,
    UnknownZoneError,
    read_zone,
    zone,
    zones_of_country,
)
from campaign.rules.zones import CONTIGUOUS_US, Clues, Place, ZoneSource, locate
from campaign.spec import Policy
from tests.campaign import oracle
from tests.campaign.oracle import DAYS, Hours, area_code_in, fictional

CHICAGO = "+13125550101"
LONDON = "+447700900123"


def place(e164: str = CHICAGO, region: str | None = "US", **clues: str) -> Place:
    return locate(Clues(e164=e164, region=region, **clues))


@pytest.mark.parametrize(
    "clues, source, zones",
    [
        ({}, ZoneSource.NUMBER, {"America/Chicago"}),
        ({"country": "JM"}, ZoneSource.COUNTRY, {"America/Jamaica"}),
        ({"country": "JM", "postcode": "33101"}, ZoneSource.COUNTRY, {"America/Jamaica"}),
        ({"postcode": "33101"}, ZoneSource.POSTCODE, {"America/Chicago", "America/New_York"}),
        (
            {"postcode": "33101", "state": "GA"},
            ZoneSource.STATE,
            {"America/Chicago", "America/New_York"},
        ),
        ({"state": "HI"}, ZoneSource.STATE, {"Pacific/Honolulu"}),
        ({"state": "HI", "timezone": "America/Denver"}, ZoneSource.OWN, {"America/Denver"}),
        ({"timezone": " america/denver "}, ZoneSource.OWN, {"America/Denver"}),
        ({"timezone": "US/Eastern"}, ZoneSource.OWN, {"US/Eastern"}),
        (
            {"timezone": "", "state": " ", "postcode": "", "country": ""},
            ZoneSource.NUMBER,
            {"America/Chicago"},
        ),
    ],
)
def test_the_best_clue_goes_first(
    clues: dict[str, str], source: ZoneSource, zones: set[str]
) -> None:
    found = place(**clues)

    assert (found.zones_from, set(found.zones), found.problem) == (source, zones, "")


@pytest.mark.parametrize(
    "clues, problem",
    [
        ({"timezone": "Eastern"}, "time zone"),
        ({"timezone": "EST"}, "time zone"),
        ({"timezone": "UTC"}, "time zone"),
        ({"timezone": "Etc/GMT+5"}, "time zone"),
        ({"timezone": "-05:00"}, "time zone"),
        ({"timezone": "../../etc/passwd"}, "time zone"),
        ({"timezone": "America/New York City"}, "time zone"),
        ({"state": "Florda"}, "state"),
        ({"state": "XX", "timezone": "America/Chicago"}, "state"),
        ({"state": "AE"}, "military"),
        ({"postcode": "09012"}, "military"),
        ({"country": "USA"}, "country"),
        ({"country": "USA", "timezone": "America/Chicago"}, "country"),
    ],
)
def test_a_clue_that_cannot_be_read_blocks_and_nothing_is_put_in_its_place(
    clues: dict[str, str], problem: str
) -> None:
    found = place(**clues)

    assert found.zones == ()
    assert problem in found.problem


def test_a_region_that_is_not_known_blocks() -> None:
    assert place(region=None).problem
    assert place("+12115550101").problem == "its area code is not in the table of this version"
    assert place("+18005550101").problem == "its area code is not in the table of this version"
    assert place("+870773111632", "001").problem == "no time zone is known for its number"


@pytest.mark.parametrize(
    "area_code, zones",
    [
        ("364", {"America/Chicago", "America/New_York"}),
        ("448", {"America/Chicago", "America/New_York"}),
        ("930", {"America/Chicago", "America/New_York"}),
        ("458", {"America/Boise", "America/Denver", "America/Los_Angeles"}),
        ("423", {"America/Chicago", "America/New_York"}),
        ("689", {"America/Chicago", "America/New_York"}),
        ("928", {"America/Denver", "America/Phoenix"}),
        ("212", {"America/New_York"}),
    ],
)
def test_an_area_code_that_straddles_a_line_has_the_zones_on_both_sides(
    area_code: str, zones: set[str]
) -> None:
    assert set(place(fictional(area_code)).zones) == zones


def test_a_number_for_films_has_the_zone_of_its_country() -> None:
    assert place(LONDON, "GB").zones == ("Europe/London",)


@pytest.mark.parametrize("text", ["FL", "fl", "F.L.", "Florida", " florida ", "US-FL", "us-fl"])
def test_a_state_is_read_however_people_write_it(text: str) -> None:
    assert place(state=text).states == ("US-FL",)


def test_a_number_of_the_shared_plan_may_belong_to_a_person_across_the_border() -> None:
    assert place(state="ON").states == ("CA-ON",)
    assert place(state="ON").countries == ("CA", "US")
    assert place(postcode="M5V 3L9").states == ("CA-ON",)
    assert place(fictional("416"), "CA", state="NY").states == ("US-NY",)


@pytest.mark.parametrize(
    "postcode, states",
    [
        ("33101", ("US-FL",)),
        ("33101-1234", ("US-FL",)),
        ("331011234", ("US-FL",)),
        ("2134", ("US-MA",)),
        ("06390", ("US-NY",)),
        ("06391", ("US-CT",)),
        ("96799", ("US-AS",)),
        ("96801", ("US-HI",)),
        ("73960", ("US-OK", "US-TX")),
        ("m5v3l9", ("CA-ON",)),
        ("X0A 0H0", ("CA-NT", "CA-NU")),
        ("SW1A 1AA", ()),
        ("00100", ()),
        ("99", ()),
    ],
)
def test_a_post_code_tells_the_state_or_nothing(postcode: str, states: tuple[str, ...]) -> None:
    found = place(postcode=postcode)

    assert found.states == states
    assert bool(found.note) == (not states)
    assert found.zones


def test_state_and_post_code_that_disagree_are_both_kept_to() -> None:
    found = place(state="FL", postcode="90001")

    assert found.states == ("US-FL", "US-CA")
    assert set(found.zones) == {"America/Chicago", "America/Los_Angeles", "America/New_York"}


def test_states_of_other_countries_are_not_read_as_american_ones() -> None:
    found = place(LONDON, "GB", state="WA", postcode="6000")

    assert found.states == ()
    assert found.zones == ("Europe/London",)
    assert found.note


def test_strict_us_keeps_to_all_four_contiguous_zones() -> None:
    own = Clues(e164=CHICAGO, region="US", timezone="Pacific/Honolulu")
    abroad = Clues(e164=LONDON, region="GB")

    assert set(locate(own, strict_us=True).zones) == {*CONTIGUOUS_US, "Pacific/Honolulu"}
    assert locate(abroad, strict_us=True).zones == ("Europe/London",)


def test_people_with_the_same_clues_are_at_the_same_place() -> None:
    first, second = place(fictional("312", 1)), place(fictional("312", 2))

    assert first == second
    assert hash(first) == hash(second)


def test_territories_are_under_the_rules_of_their_country() -> None:
    assert place(fictional("787"), "PR").countries == ("US",)
    assert place(fictional("787"), "PR").number_states == ("US-PR",)
    assert place("+447700900123", "JE").countries == ("GB",)


def test_zones_come_from_the_package_and_not_from_the_machine() -> None:
    import tzdata

    assert tzdata.IANA_VERSION == EDITION
    assert zone("America/Vancouver") is zone("America/Vancouver")
    assert zone("America/Vancouver") is not ZoneInfo("America/Vancouver")


@pytest.mark.parametrize(
    "name", ["America/Chicagoo", "", "chicago", "EST5EDT", "../tzdata", "Factory"]
)
def test_what_is_no_zone_of_a_place_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        read_zone(name)
    with pytest.raises(UnknownZoneError):
        zone(name)


def test_every_zone_that_the_library_may_answer_can_be_read() -> None:
    # Not part of the library's interface; the test may look where the code does not.
    from phonenumbers.tzdata import TIMEZONE_DATA

    answered = {name for names in TIMEZONE_DATA.values() for name in names}

    assert {read_zone(name) for name in answered} == answered


def test_every_country_has_its_zones() -> None:
    assert "America/Adak" in zones_of_country("US")
    assert zones_of_country("DE") == ("Europe/Berlin", "Europe/Busingen")
    assert zones_of_country("XX") == ()


# Negative controls: what would be wrong, and that the second opinion sees it.


def eight_to_nine(zone_name: str) -> Hours:
    return Hours(dict.fromkeys(DAYS, "08:00-21:00"), zone_name)


def test_the_librarys_zone_alone_would_ring_at_seven_and_the_second_opinion_sees_it() -> None:
    e164 = fictional("448")  # Northern Florida on both sides of the line.
    geographic = library.time_zones_for_geographical_number(phonenumbers.parse(e164))
    eight = datetime(2026, 11, 23, 8, 0, tzinfo=oracle.clock("America/New_York"))

    by_the_library = [eight_to_nine(name) for name in geographic]
    by_both = [eight_to_nine("America/New_York"), eight_to_nine("America/Chicago")]
    policy = Policy.model_validate(
        {"calling_windows": {"default": {"days": "daily", "hours": "00:00-24:00"}}}
    )

    assert oracle.legal(by_the_library, eight, timedelta(0))
    assert not oracle.legal(by_both, eight, timedelta(0))
    assert not judge(Facts(e164=e164, region="US"), policy, eight).allowed


def test_geographic_zones_of_a_mobile_would_name_one_city_for_a_continent() -> None:
    number = phonenumbers.example_number_for_type("AU", PhoneNumberType.MOBILE)
    assert number is not None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    evening = datetime(2026, 11, 23, 19, 0, tzinfo=oracle.clock("Australia/Perth"))

    geographic = library.time_zones_for_geographical_number(number)
    ours = place(e164, "AU").zones

    assert len(geographic) == 1
    assert set(geographic) < set(ours)
    # It would be nine in the morning there and seven, or six, in the west.
    morning = datetime(2026, 11, 23, 9, 0, tzinfo=oracle.clock(geographic[0]))
    hours = dict.fromkeys(DAYS, "09:00-20:00")
    assert oracle.legal([Hours(hours, name) for name in geographic], morning, timedelta(0))
    assert not oracle.legal([Hours(hours, name) for name in ours], morning, timedelta(0))
    assert evening.utcoffset() != morning.utcoffset()


def test_a_zone_that_cannot_be_read_taken_as_open_would_ring_at_night() -> None:
    facts = Facts(e164=CHICAGO, region="US", timezone="Eastern Standard")
    policy = Policy.model_validate({"calling_windows": {"default": {"days": "daily"}}})
    night = datetime(2026, 11, 23, 3, 0, tzinfo=oracle.clock("America/Chicago"))

    taken_as_open: list[Hours] = []  # An implementation that drops what it cannot read.
    judgement = judge(facts, policy, night.astimezone(UTC))

    assert oracle.legal(taken_as_open, night, timedelta(0))
    assert not oracle.legal([eight_to_nine("America/New_York")], night, timedelta(0))
    assert judgement.next_at is None
    assert "time zone cannot be read" in judgement.reason


def test_the_machines_own_zones_may_be_behind_the_package() -> None:
    # British Columbia stays at UTC-7 from the autumn of 2026 on; many a machine does not know.
    winter = datetime(2027, 1, 15, 12, tzinfo=UTC)

    assert winter.astimezone(zone("America/Vancouver")).utcoffset() == timedelta(hours=-7)
    assert area_code_in("CA-BC") == "236"
