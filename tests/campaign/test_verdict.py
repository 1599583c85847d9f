from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign.candidates import Candidate, Decision
from campaign.rules.caps import PastDial
from campaign.rules.results import Judgement, RuleResult, Verdict
from campaign.rules.ruling import ruler
from campaign.rules.verdict import Facts, Judge, judge
from campaign.rules.zones import CONTIGUOUS_US
from campaign.spec import CampaignSpec, Policy
from campaign.words import Outcome
from tests.campaign import oracle
from tests.campaign.oracle import DAYS, Hours, area_code_in, fictional, rows, week_of
from tests.campaign.test_windows import instants

NOON = datetime(2026, 11, 17, 18, tzinfo=UTC)  # A Tuesday, 12:00 in Chicago.
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHICAGO = Facts(e164=fictional("312"), region="US", consent="written")
DAILY = {"default": {"days": "daily", "hours": "09:00-20:00"}}


def policy(calling_windows: object = DAILY, **fields: object) -> Policy:
    return Policy.model_validate({"calling_windows": calling_windows, "max_attempts": 5, **fields})


def ago(hours: float, outcome: Outcome | None = Outcome.NO_ANSWER) -> PastDial:
    return PastDial(NOON - hours * HOUR, outcome)


def result(judgement: Judgement, name: str) -> RuleResult:
    return next(each for each in judgement.results if each.rule == name)


def names(judgement: Judgement) -> list[str]:
    return [each.rule for each in judgement.results]


# The second opinion on a whole judgement: the tables as text, and the clocks on the wall.

STATES = {row["state"]: row["zones"].split("|") for row in rows("states") if row["zones"]}
OVERLAYS = {area for row in rows("area_code_zones") for area in row["area_codes"].split()}
HOMES = {
    area: row["states"]
    for row in rows("area_codes")
    for area in row["area_codes"].split()
    if row["states"].startswith("US-")
}
PRESUMING = {"US-CT", "US-FL", "US-MD", "US-OK"}
# Area codes in states of one zone: the second opinion needs no table of exchanges for them.
ONE_ZONE = {
    area: STATES[state][0]
    for area, state in HOMES.items()
    if area not in OVERLAYS and len(STATES[state]) == 1
}


def hours_that_bind(area: str, state: str, zone: str, strict: bool) -> list[Hours] | None:
    """All hours of the law for a person in marketing; None: nobody may be called."""
    home, home_zone = HOMES[area], ONE_ZONE[area]
    zones = {zone} if zone else set(STATES[state] if state else [home_zone])
    zones |= set(CONTIGUOUS_US if strict else ())
    places = {"US": zones}
    if state:
        places[state] = zones
    if home != state and (not state or home in PRESUMING):
        places[home] = zones | {home_zone}
    found: list[Hours] = []
    for row in rows("calling_rules"):
        if row["place"] not in places or row["purposes"] not in {"all", "marketing"}:
            continue
        if row["prohibited"]:
            return None
        closed_on = tuple(name for name in row["closed_on"].split("|") if name)
        clocks = places[row["place"]] | {name for name in row["clock"].split("|") if name}
        found += [Hours(week_of(row), name, closed_on) for name in sorted(clocks)]
    return found + [Hours(dict.fromkeys(DAYS[:6], "09:30-20:30"), name) for name in sorted(zones)]


@settings(max_examples=80, deadline=None)
@given(
    area=st.sampled_from(sorted(ONE_ZONE)),
    state=st.sampled_from(["", *sorted(set(HOMES.values()) & set(STATES))]),
    zone=st.sampled_from(
        ["", "America/New_York", "America/Denver", "America/Anchorage", "Pacific/Honolulu"]
    ),
    strict=st.booleans(),
    now=instants(),
)
def test_a_judgement_says_what_the_wall_clocks_and_the_tables_say(
    area: str, state: str, zone: str, strict: bool, now: datetime
) -> None:
    facts = Facts(e164=fictional(area), region="US", state=state, timezone=zone, consent="written")
    hours = hours_that_bind(area, state, zone, strict)
    margin = 5 * MINUTE
    said = judge(
        facts,
        policy(
            {
                "default": {"days": "mon-sat", "hours": "09:30-20:30"},
                "zone_mode": "strict_us" if strict else "number",
                "max_rule_age": "3650d",
            }
        ),
        now,
    )

    if hours is None:
        assert said.verdict is Verdict.BLOCKED
        return
    assert said.allowed == oracle.legal(hours, now, margin)
    if said.until is not None:
        assert oracle.legal(hours, said.until - MINUTE, margin)
        assert not oracle.legal(hours, said.until, margin)
    if said.next_at is not None:
        # Every opening lies on a quarter of an hour.
        quarter = now + (-now.minute % 15) * MINUTE
        steps = int((said.next_at - quarter) / (15 * MINUTE))
        assume(steps < 600)
        allowed = oracle.first(
            lambda at: oracle.legal(hours, at, margin), quarter, 15 * MINUTE, steps + 1
        )
        assert said.next_at == allowed


history = st.lists(
    st.builds(
        PastDial,
        st.integers(1, 60 * 200).map(lambda minutes: NOON - minutes * MINUTE),
        st.sampled_from([None, *Outcome]),
        st.none(),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(
    area=st.sampled_from(["312", "305", "401", "207", "605", "448", "907"]),
    past=history,
    vary=st.booleans(),
    cap=st.integers(1, 4),
    shift=st.integers(0, 60 * 24 * 8),
)
def test_a_judgement_keeps_its_word(
    area: str, past: list[PastDial], vary: bool, cap: int, shift: int
) -> None:
    now = NOON + shift * MINUTE
    facts = Facts(e164=fictional(area), region="US", consent="written")
    rules = policy(
        caps=[{"calls": cap, "per": "36h"}],
        vary_hours=vary,
        max_attempts=20,
        gap_growth=1.5,
        expires_at="2027-06-01T00:00:00Z",
    )

    said = judge(facts, rules, now, past)

    assert said.allowed == all(each.verdict is Verdict.OK for each in said.results)
    assert said.verdict is not Verdict.BLOCKED
    assert (said.next_at is not None) == (said.verdict is Verdict.LATER)
    assert bool(said.reason) == (not said.allowed)
    if said.next_at is not None:
        assert said.next_at > now
        assert judge(facts, rules, said.next_at, past).allowed
        assert not judge(facts, rules, said.next_at - MINUTE, past).allowed
    if said.until is not None:
        assert said.until > now
        assert judge(facts, rules, said.until - timedelta(seconds=1), past).allowed
        assert not judge(facts, rules, said.until, past).allowed


def test_a_judgement_lists_every_rule_in_order() -> None:
    judgement = judge(CHICAGO, policy(expires_at="2027-01-01T00:00:00Z"), NOON, [ago(30)])

    assert names(judgement) == [
        "do-not-call list",
        "expiry",
        "place",
        "US",
        "campaign hours",
        "consent",
        "attempts",
        "gap",
    ]
    assert judgement.allowed
    assert judgement.until == datetime(2026, 11, 18, 1, 55, tzinfo=UTC)
    assert str(result(judgement, "campaign hours").clocks[0]) == "Tue 12:00 in America/Chicago"


def test_a_judgement_names_nobody() -> None:
    person = Facts(
        e164=fictional("312", 77), region="US", consent="no idea", timezone="Nowhere/Land"
    )

    judgement = judge(person, policy(), NOON, [ago(1)])

    assert "55501" not in repr(judgement)
    assert "Nowhere" not in repr(judgement)
    assert "no idea" not in repr(judgement)


def test_caps_and_hours_are_met_together() -> None:
    florida = Facts(e164=fictional("305"), region="US", consent="written")
    dialled = [ago(26), ago(20), ago(19), ago(18.75)]

    judgement = judge(florida, policy(min_gap="1m"), NOON, dialled)

    # Four in 24 hours but for the first: free at 17:00 in Miami, when it is open.
    assert judgement.verdict is Verdict.LATER
    assert judgement.next_at == NOON + 4 * HOUR
    assert judgement.reason.startswith("cap US-FL: at most 3 attempts in 1 d")


def test_when_a_cap_frees_at_night_the_next_morning_is_the_answer() -> None:
    judgement = judge(CHICAGO, policy(min_gap="10h"), NOON, [ago(1)])

    assert result(judgement, "gap").next_at == NOON + 9 * HOUR
    assert judgement.next_at == datetime(2026, 11, 18, 15, tzinfo=UTC)


def test_attempts_used_up_block() -> None:
    judgement = judge(CHICAGO, policy(max_attempts=2), NOON, [ago(30), ago(40)])

    assert judgement.verdict is Verdict.BLOCKED
    assert judgement.reason == "attempts: 2 of 2 attempts are used"


def test_attempts_of_other_campaigns_use_up_none() -> None:
    elsewhere = PastDial(NOON - 30 * HOUR, Outcome.NO_ANSWER, this_campaign=False)

    assert judge(CHICAGO, policy(max_attempts=1), NOON, [elsewhere]).allowed


def test_a_suppressed_number_is_blocked_and_the_other_rules_are_still_told() -> None:
    suppressed = Facts(e164=fictional("312"), region="US", suppressed="asked on the telephone")

    judgement = judge(suppressed, policy(), NOON)

    assert judgement.verdict is Verdict.BLOCKED
    assert judgement.reason == "do-not-call list: asked on the telephone"
    assert "campaign hours" in names(judgement)


@pytest.mark.parametrize(
    "end, expired",
    [("2026-11-17T18:00:00Z", True), ("2026-11-18T01:00:00Z", False)],
)
def test_a_campaign_ends_at_its_expiry(end: str, expired: bool) -> None:
    judgement = judge(CHICAGO, policy(expires_at=end), NOON)

    assert judgement.expired == expired
    assert judgement.allowed != expired
    assert judgement.until == (None if expired else datetime.fromisoformat(end))


def test_a_person_whose_next_turn_comes_after_the_expiry_has_expired() -> None:
    judgement = judge(
        CHICAGO, policy(expires_at="2026-11-18T15:00:00Z", min_gap="10h"), NOON, [ago(1)]
    )

    assert judgement.verdict is Verdict.BLOCKED
    assert judgement.expired
    assert "before the next instant" in judgement.reason


def test_without_calling_windows_any_hour_will_do_and_no_clock_is_needed() -> None:
    night = NOON + 12 * HOUR
    lost = Facts(e164=fictional("312"), region=None, timezone="Nowhere")

    judgement = judge(lost, policy(None), night)

    assert judgement.allowed
    assert judgement.until is None
    assert (
        judge(lost, policy(None, min_gap="2h"), night, [PastDial(night - HOUR)]).next_at
        == night + HOUR
    )


def test_hours_that_never_agree_block() -> None:
    maine = Facts(e164=fictional("207"), region="US", consent="written")

    judgement = judge(maine, policy({"default": {"days": "sat,sun"}}), NOON)

    assert judgement.verdict is Verdict.BLOCKED
    assert (
        judgement.reason
        == "agreement: there is no instant within 400 days at which all rules agree"
    )


def test_a_blackout_ends_a_batch_before_it_begins() -> None:
    blackout = {
        "start": "2026-11-17T20:00:00Z",
        "end": "2026-11-17T23:00:00Z",
        "reason": "hurricane",
    }
    windows = {**DAILY, "blackouts": [blackout]}

    before = judge(CHICAGO, policy(windows), NOON)
    within = judge(CHICAGO, policy(windows), NOON + 3 * HOUR)

    assert before.until == datetime(2026, 11, 17, 19, 55, tzinfo=UTC)
    assert within.reason == "blackouts: hurricane"
    assert within.next_at == datetime(2026, 11, 17, 23, tzinfo=UTC)


def test_the_margin_is_kept_at_the_end_of_every_window() -> None:
    almost_eight = datetime(2026, 11, 18, 1, 55, tzinfo=UTC)

    assert judge(CHICAGO, policy(), almost_eight - timedelta(seconds=1)).allowed
    assert judge(CHICAGO, policy(), almost_eight).next_at == datetime(2026, 11, 18, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "consent, date, require, allowed",
    [
        ("written", None, "rule", True),
        (" Written ", "2026-05-31", "rule", True),
        ("written", "2026-05-31T10:00:00+02:00", "rule", True),
        ("written", "31/05/2026", "rule", False),
        ("written", "2026-12-24", "rule", False),
        ("express", None, "rule", False),
        ("none", None, "rule", False),
        ("", None, "rule", False),
        ("yes", None, "rule", False),
        (None, None, "rule", False),
        (None, None, "always", False),
        ("", None, "never", True),
        (None, None, "never", True),
    ],
)
def test_consent_is_compared_with_what_the_rules_ask(
    consent: str | None, date: str | None, require: str, allowed: bool
) -> None:
    facts = Facts(e164=fictional("312"), region="US", consent=consent, consent_date=date)

    judgement = judge(facts, policy(require_consent=require), NOON)

    assert judgement.allowed == allowed
    assert result(judgement, "consent").verdict is (Verdict.OK if allowed else Verdict.BLOCKED)


def test_a_list_without_a_column_for_consent_blocks_where_a_rule_asks_and_says_what_to_do() -> None:
    facts = Facts(e164=fictional("312"), region="US")

    said = result(judge(facts, policy(), NOON), "consent")

    assert said.why == (
        "US asks for written consent; the list has no column for it: name it in"
        " recipients.consent, or write require_consent: never and answer for everybody in it"
    )


def test_consent_may_be_asked_where_no_rule_asks() -> None:
    bare = policy({**DAILY, "jurisdiction": "none"}, require_consent="always")
    said = Facts(e164=fictional("312"), region="US", consent="express")

    assert judge(said, bare, NOON).allowed
    assert not judge(Facts(e164=fictional("312"), region="US", consent="none"), bare, NOON).allowed


def test_further_attempts_try_another_part_of_the_day() -> None:
    # Called at 10:00 yesterday; now it is 09:00 in Chicago.
    nine = datetime(2026, 11, 17, 15, tzinfo=UTC)
    morning = [PastDial(nine - 23 * HOUR, Outcome.NO_ANSWER)]
    varied = policy(vary_hours=True)

    judgement = judge(CHICAGO, varied, nine, morning)

    assert judgement.reason == "time of day: the afternoon or evening was tried least"
    assert judgement.next_at == datetime(2026, 11, 17, 18, tzinfo=UTC)
    assert judge(CHICAGO, varied, nine).allowed
    assert judge(CHICAGO, policy(), nine, morning).allowed


def test_a_campaign_of_mornings_only_does_not_wait_for_an_evening() -> None:
    mornings = {"default": {"days": "daily", "hours": "09:00-12:00"}}
    nine = datetime(2026, 11, 17, 15, tzinfo=UTC)

    assert judge(
        CHICAGO, policy(mornings, vary_hours=True), nine, [PastDial(nine - 23 * HOUR)]
    ).allowed


def test_many_people_are_judged_as_one_by_one_and_places_are_worked_out_once() -> None:
    people = [
        Facts(e164=fictional(area, last), region="US", consent=consent)
        for area in ("312", "305", "401", "448", "850")
        for last in range(20)
        for consent in ("written", "none")
    ]
    shared = Judge(policy(), NOON)

    together = list(shared.judge_all((person, ()) for person in people))

    assert together == [judge(person, policy(), NOON) for person in people]
    assert shared.places == 4


def test_an_instant_in_any_zone_is_the_same_instant() -> None:
    local = NOON.astimezone(oracle.clock("Asia/Tokyo"))

    assert judge(CHICAGO, policy(), local) == judge(CHICAGO, policy(), NOON)


def candidate(history: Iterable[PastDial] = (), **fields: str | None) -> Candidate:
    facts: dict[str, str | None] = {
        "timezone": None,
        "jurisdiction": None,
        "postcode": None,
        "country": None,
        "consent": None,
        "consent_date": None,
        "consent_source": None,
    }
    return Candidate(
        recipient_id=1,
        campaign_id="abcdefgh",
        provider="vogent",
        phone_number=fictional("312"),
        region="US",
        attempts=0,
        history=tuple(history),
        **(facts | fields),
    )


def spec(**fields: object) -> CampaignSpec:
    return CampaignSpec.model_validate(
        {
            "name": "spring-renewals",
            "provider": "vogent",
            "recipients": {"source": "people.csv", "consent": "consent"},
            "policy": {"calling_windows": DAILY, **fields},
        }
    )


@pytest.mark.parametrize(
    "person, policy_fields, decision",
    [
        (candidate(consent="written"), {}, Decision.CALL),
        (candidate([ago(1)], consent="written"), {"max_attempts": 2}, Decision.LATER),
        (candidate(), {}, Decision.SKIP),
        (candidate(consent="written", jurisdiction="WA"), {}, Decision.SKIP),
        (candidate(consent="written"), {"expires_at": "2026-11-01T00:00:00Z"}, Decision.EXPIRE),
    ],
)
def test_a_planner_is_told_to_call_wait_skip_or_expire(
    person: Candidate, policy_fields: dict[str, object], decision: Decision
) -> None:
    ruling = ruler(spec(**policy_fields), NOON)(person)

    assert ruling.decision is decision
    assert bool(ruling.reason) == (decision is not Decision.CALL)
    assert (ruling.due_at is not None) == (decision is Decision.LATER)


def test_area_codes_of_the_second_opinion_are_many() -> None:
    assert len(ONE_ZONE) > 200
    assert {HOMES[area] for area in ONE_ZONE} >= PRESUMING - {"US-FL"}
    assert area_code_in("US-FL") in HOMES
