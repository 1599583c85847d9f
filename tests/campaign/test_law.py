from datetime import UTC, datetime, timedelta

import pytest

from campaign.rules.law import Confidence, Consent, Law, shipped_rules, strictest_consent
from campaign.rules.results import Judgement, RuleResult, Verdict
from campaign.rules.verdict import Facts, judge
from campaign.rules.zones import Clues, locate
from campaign.spec import CallingWindows, Policy
from tests.campaign import oracle
from tests.campaign.oracle import DAYS, area_code_in, fictional, rows, week_of

ANY_HOUR = {"days": "daily", "hours": "00:00-24:00"}
DAYTIME = {"days": "mon-fri", "hours": "09:00-20:00"}
RULES = rows("calling_rules")
# A week without holidays anywhere in the table.
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NOON = MONDAY + timedelta(days=1, hours=18)


def windows(**fields: object) -> CallingWindows:
    return CallingWindows.model_validate({"default": ANY_HOUR, "margin": "0s", **fields})


def policy(**fields: object) -> Policy:
    return Policy(calling_windows=windows(**fields))


def bound(clues: Clues, **fields: object) -> dict[str, bool]:
    """The names of the rules that bind, and whether only the number says so."""
    found = Law(windows(**fields)).bind(locate(clues))
    return {each.rule.name: each.by_number for each in found}


def american(area_code: str, **clues: str) -> Clues:
    return Clues(e164=fictional(area_code), region="US", **clues)


def result(judgement: Judgement, name: str) -> RuleResult:
    return next(each for each in judgement.results if each.rule == name)


def test_federal_rules_are_the_floor_of_every_state() -> None:
    assert bound(american("312")) == {"US": False}
    assert bound(american("787")) == {"US": False}


def test_without_a_state_in_the_list_the_area_code_tells_it() -> None:
    assert bound(american("401")) == {"US": False, "US-RI": True}


def test_the_state_in_the_list_goes_before_the_area_code() -> None:
    assert bound(american("401", state="TX")) == {"US": False, "US-TX": False}
    assert bound(american("401", postcode="75201")) == {"US": False, "US-TX": False}


@pytest.mark.parametrize("state", ["US-FL", "US-OK", "US-CT", "US-MD"])
def test_four_states_presume_by_area_code_whatever_the_list_says(state: str) -> None:
    clues = american(area_code_in(state), state="TX", timezone="America/Denver")

    assert bound(clues) == {"US": False, "US-TX": False, state: True}


def test_no_other_state_presumes_by_area_code() -> None:
    presuming = {rule.place for rule in shipped_rules() if rule.by_area_code}

    assert presuming == {"US-FL", "US-OK", "US-CT", "US-MD"}


def test_a_persons_own_zone_does_not_lift_the_rules_of_the_area_code() -> None:
    assert bound(american("401", timezone="America/Denver")) == {"US": False, "US-RI": True}


def test_a_rule_bound_by_the_area_code_is_kept_by_the_clocks_of_both() -> None:
    # 19:30 in Denver, 21:30 in Florida.
    facts = Facts(e164=fictional("305"), region="US", timezone="America/Denver")
    now = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)

    judgement = judge(facts, policy(), now)

    florida = result(judgement, "US-FL")
    assert florida.verdict is Verdict.LATER
    assert [clock.zone for clock in florida.clocks] == ["America/Denver", "America/New_York"]
    assert result(judgement, "US").verdict is Verdict.OK


def test_a_law_with_a_clock_of_its_own_is_kept_by_that_clock_too() -> None:
    # Mississippi's hours are in Central time: 19:30 in Denver is 20:30 there.
    facts = Facts(e164=fictional("601"), region="US", state="MS", timezone="America/Denver")
    now = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)

    mississippi = result(judge(facts, policy(), now), "US-MS")

    assert mississippi.verdict is Verdict.LATER
    assert [str(clock) for clock in mississippi.clocks] == [
        "Tue 20:30 in America/Chicago",
        "Tue 19:30 in America/Denver",
    ]


def test_the_country_that_the_campaign_names_binds_besides_the_persons_own() -> None:
    assert bound(american("312"), jurisdiction="GB") == {"US": False, "GB": False}
    british = Clues(e164="+447700900123", region="GB")
    assert bound(british, jurisdiction="GB") == {"GB": False}
    assert bound(british, jurisdiction="US") == {"GB": False, "US": False}


@pytest.mark.parametrize("jurisdiction", ["none", "None"])
def test_no_table_is_no_rule_but_the_operators(jurisdiction: str | None) -> None:
    own = {"place": "US-RI", "windows": [DAYTIME], "source": "counsel", "as_of": "2026-11-01"}

    assert bound(american("401"), jurisdiction=jurisdiction) == {}
    assert bound(american("401"), jurisdiction=jurisdiction, rules=[own]) == {"US-RI (yours)": True}


def test_a_country_without_a_rule_is_closed_until_the_operator_supplies_one() -> None:
    facts = Facts(e164=fictional("876"), region="JM", timezone="America/Jamaica", consent="written")
    own = {"place": "JM", "windows": [ANY_HOUR], "source": "counsel", "as_of": "2026-11-01"}

    closed = judge(facts, policy(), NOON)
    supplied = judge(facts, policy(rules=[own]), NOON)

    assert closed.verdict is Verdict.BLOCKED
    assert "no rule for JM" in closed.reason
    assert closed.next_at is None
    assert supplied.allowed


def test_a_country_that_the_campaign_names_and_nobody_knows_closes_it() -> None:
    facts = Facts(e164=fictional("312"), region="US")

    assert "no rule for NZ" in judge(facts, policy(jurisdiction="NZ"), NOON).reason


def test_countries_of_the_european_union_have_its_duties_and_still_need_a_rule() -> None:
    spanish = Clues(e164="+447700900123", region="GB", country="ES")

    assert set(bound(spanish, jurisdiction="GB")) == {"GB", "*", "EU"}
    germany = Clues(e164="+447700900123", region="GB", country="DE")
    assert set(bound(germany, jurisdiction="GB")) == {"GB", "DE", "EU"}


def test_duties_are_told_with_the_judgement() -> None:
    german = Facts(e164="+447700900123", region="GB", country="DE", consent="express")

    judgement = judge(german, policy(jurisdiction="GB"), NOON - timedelta(hours=6))

    assert result(judgement, "EU").duties == "say at the start that it is an AI"
    assert "proof of consent" in result(judgement, "DE").duties


@pytest.mark.parametrize(
    "purpose, rules",
    [
        ("marketing", {"US", "US-FL"}),
        ("informational", {"US"}),
        ("debt_collection", {"US", "US-debt"}),
    ],
)
def test_rules_about_marketing_bind_marketing(purpose: str, rules: set[str]) -> None:
    assert set(bound(american("305"), purpose=purpose)) == rules


def test_rules_about_devices_bind_whatever_the_purpose() -> None:
    assert "US-MT" in bound(american("406"), purpose="informational")
    assert "US-WA" not in bound(american("206"), purpose="informational")


def test_the_operators_rule_stands_in_place_of_the_tables() -> None:
    own = {
        "place": "US-WA",
        "windows": [
            {"days": "mon-fri", "hours": "10:00-12:00"},
            {"days": "sat", "hours": "10:00-11:00"},
        ],
        "caps": [{"calls": 2, "per": "1d"}],
        "consent": "written",
        "source": "counsel's letter of 2026-11-03",
        "as_of": "2026-11-03",
    }
    facts = Facts(e164=fictional("206"), region="US", consent="written")

    judgement = judge(facts, policy(rules=[own]), NOON)

    ours = result(judgement, "US-WA (yours)")
    assert ours.verdict is Verdict.OK
    assert ours.until == datetime(2026, 11, 17, 20, tzinfo=UTC)
    assert ours.source == "counsel's letter of 2026-11-03 (operator, 2026-11)"
    assert result(judgement, "US").verdict is Verdict.OK


def test_the_presumption_of_a_state_outlives_the_operators_own_rule_for_it() -> None:
    own = {"place": "US-FL", "windows": [DAYTIME], "source": "counsel", "as_of": "2026-11-01"}

    assert bound(american("305", state="TX"), rules=[own])["US-FL (yours)"]


def test_holidays_that_nobody_knows_block_instead_of_being_open() -> None:
    own = {
        "place": "NL-ZZ",
        "windows": [DAYTIME],
        "holidays": True,
        "source": "counsel",
        "as_of": "2026-11-01",
    }
    rule = next(iter(Law(windows(rules=[own]))._rules["NL-ZZ"]))

    assert "holidays" in rule.prohibited


def test_a_rule_that_was_checked_too_long_ago_closes_its_state() -> None:
    # Mississippi, as of June 2024.
    facts = Facts(e164=fictional("601"), region="US", consent="written")
    june = {"place": "US-MS", "windows": [ANY_HOUR], "source": "counsel", "as_of": "2026-11-01"}

    fresh = judge(facts, policy(), NOON)
    stale = judge(facts, policy(max_rule_age="365d"), NOON)
    checked = judge(facts, policy(max_rule_age="365d", rules=[june]), NOON)

    assert fresh.allowed
    assert "June 2024" in stale.reason
    assert stale.verdict is Verdict.BLOCKED
    assert checked.allowed


def test_the_strictest_consent_of_all_rules_is_needed() -> None:
    def needed(clues: Clues, **fields: object) -> tuple[Consent, str]:
        law, asked = Law(windows(**fields)), windows(**fields).purpose
        found = strictest_consent(law.bind(locate(clues)), asked)
        return found.consent, found.asking.name if found.asking else ""

    assert needed(american("312")) == (Consent.WRITTEN, "US")
    assert needed(american("312"), purpose="informational") == (Consent.EXPRESS, "US")
    british = Clues(e164="+447700900123", region="GB")
    assert needed(british, jurisdiction="GB") == (Consent.EXPRESS, "GB")
    assert needed(american("312"), jurisdiction="none") == (Consent.NONE, "")


def test_every_row_of_the_table_is_a_rule() -> None:
    assert [rule.name for rule in shipped_rules()] == [row["rule"] for row in RULES]
    assert {rule.confidence for rule in shipped_rules()} <= set(Confidence)


def someone_under(row: dict[str, str]) -> Facts:
    """A fictional person for whom the rule of a row holds."""
    said = {"consent": "written", "timezone": ""}
    if row["place"].startswith("US-"):
        return Facts(e164=fictional(area_code_in(row["place"])), region="US", **said)
    if row["place"] == "US":
        return Facts(e164=fictional("312"), region="US", **said)
    if row["place"] == "CA":
        return Facts(e164=fictional("416"), region="CA", **said)
    # No numbers for films are used for other countries: the list says where the person is.
    country = {"EU": "DE", "*": "NZ"}.get(row["place"], row["place"])
    return Facts(e164="+447700900123", region="GB", country=country, consent="written")


@pytest.mark.parametrize("row", RULES, ids=lambda row: row["rule"])
def test_every_row_of_the_table_opens_and_closes_by_its_own_hours(row: dict[str, str]) -> None:
    facts = someone_under(row)
    home = "none" if row["place"] == "*" else facts.region
    ruled = policy(
        jurisdiction="US" if row["place"] == "*" else home,
        purpose="debt_collection" if row["rule"] == "US-debt" else "marketing",
    )
    place = locate(facts)
    clocks = set(place.zones) | {name for name in row["clock"].split("|") if name}
    hours = [oracle.Hours(week_of(row), name) for name in sorted(clocks)]

    for half_hour in range(7 * 48):
        at = MONDAY + half_hour * timedelta(minutes=30)
        said = result(judge(facts, ruled, at), row["rule"])
        if row["prohibited"]:
            assert said.verdict is Verdict.BLOCKED
            assert said.next_at is None
            continue
        assert (said.verdict is Verdict.OK) == oracle.legal(hours, at, timedelta(0)), at


@pytest.mark.parametrize(
    "row", [row for row in RULES if row["closed_on"]], ids=lambda row: row["rule"]
)
def test_a_rule_with_holidays_is_closed_on_them_unless_the_campaign_says_otherwise(
    row: dict[str, str],
) -> None:
    facts = someone_under(row)
    # New Year's Day 2027 is a Friday.
    clock = oracle.clock(locate(facts).zones[0])
    noon = datetime(2027, 1, 1, 12, tzinfo=clock)

    kept = result(judge(facts, policy(jurisdiction=facts.region), noon), row["rule"])
    waived = result(
        judge(facts, policy(jurisdiction=facts.region, holidays=False), noon), row["rule"]
    )

    assert kept.verdict is Verdict.LATER
    assert "New Year's Day" in kept.why
    assert (waived.verdict is Verdict.OK) == (row["mon_fri"] != "none")


def test_the_week_of_these_tests_has_no_holiday() -> None:
    calendars = {name for row in RULES for name in row["closed_on"].split("|") if name}

    for day in range(-1, 9):
        date = (MONDAY + timedelta(days=day)).date()
        assert not [name for name in calendars if date in oracle.calendar(name)]
    assert DAYS[MONDAY.weekday()] == "mon"
