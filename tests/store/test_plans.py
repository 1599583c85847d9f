"""A plan's hash tells any change of who is called, and a campaign is held to the one it has."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import BadInput
from campaign.spec import CampaignSpec
from campaign.states import CampaignState
from store import books, campaigns, suppressions
from store.decisions import audit
from store.intake.importing import import_recipients
from store.ledger import Ledger
from store.planning import planner as planning
from store.plans import binding
from store.plans.binding import Approval
from store.plans.fingerprint import read_hash, written
from store.plans.making import Plan

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)
"""A Wednesday, noon in New York."""
AREAS = ("201", "212", "312", "202")
APPROVAL = Approval(actor="Ada", reason="as agreed")

Row = tuple[str, str, str]
"""Number, first name, consent."""


def number(index: int) -> str:
    return f"+1{AREAS[index % 4]}55501{index // 4:02}"


def rows(count: int) -> list[Row]:
    return [(number(index), f"Person {index}", "written") for index in range(count)]


def spec(**changes: Any) -> CampaignSpec:
    said: dict[str, Any] = {
        "name": "spring",
        "provider": [{"provider": "vogent", "share": 0.6}, {"provider": "vapi", "share": 0.4}],
        "recipients": {"source": "people.csv", "country": "US", "consent": "consent"},
        "variables": {"who": "{first_name}"},
    }
    return CampaignSpec.model_validate(said | changes)


def write(folder: Path, people: Sequence[Row]) -> None:
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone_number", "first_name", "consent"])
        writer.writerows(people)


def planned(ledger: Ledger, folder: Path, people: Sequence[Row] = (), **changes: Any) -> Plan:
    """The plan of a list that is in no ledger."""
    if people:
        write(folder, people)
    return binding.plan_of(ledger, spec(**changes), NOON, base_dir=folder)


def enrolled(ledger: Ledger, folder: Path, plan: str, **changes: Any) -> str:
    """A running campaign whose list has been read, to be run by a plan."""
    view = ledger.run_sync(campaigns.enroll, spec(**changes), str(folder), NOON, plan=plan)
    ledger.run_sync(campaigns.set_state, view.id, CampaignState.RUNNING, "", NOON)
    import_recipients(ledger, view.id, NOON)
    return view.id


def called(ledger: Ledger, campaign_id: str, provider: str = "vogent") -> int:
    """How many people a batch would call now."""
    batch = ledger.run_sync(
        planning.plan_batch, campaign_id, provider, now=NOON, size=1000, submission_size=1000
    )
    return batch.attempts if batch else 0


def suppress(ledger: Ledger, *numbers: str) -> None:
    ledger.run_sync(suppressions.add, numbers, reason="asked", source="test", now=NOON)


def test_a_plan_says_who_is_called_by_whom_and_why_others_are_not(
    ledger: Ledger, tmp_path: Path
) -> None:
    suppress(ledger, number(3))
    people = [*rows(6), (number(0), "again", "written"), ("12", "wrong", "written")]
    people.append((number(7), "No consent", "none"))

    plan = planned(ledger, tmp_path, people)

    assert (plan.listed, plan.people, plan.called, plan.now) == (9, 7, 5, 5)
    never = {line.kind: line.people for line in plan.lines if not line.called}
    assert never == {"suppressed": 1, "consent": 1}
    assert sum(passed.rows for passed in plan.passed.values()) == 2
    assert sum(each.people for each in plan.providers.values()) == 5
    assert plan.first_at == NOON


def test_who_waits_for_a_window_is_in_the_plan_with_the_instant_it_opens(
    ledger: Ledger, tmp_path: Path
) -> None:
    night = datetime(2026, 11, 19, 4, tzinfo=UTC)
    write(tmp_path, rows(4))

    plan = binding.plan_of(ledger, spec(), night, base_dir=tmp_path)

    assert (plan.called, plan.later) == (4, 4)
    [line] = plan.lines
    assert line.kind == "campaign hours"
    assert plan.first_at == datetime(2026, 11, 19, 14, tzinfo=UTC)  # 09:00 in New York
    assert plan.last_at == datetime(2026, 11, 19, 15, tzinfo=UTC)  # 09:00 in Chicago


def test_the_hash_does_not_change_with_the_hour_or_the_order_of_the_list(
    ledger: Ledger, tmp_path: Path
) -> None:
    day = planned(ledger, tmp_path, rows(20))
    turned = planned(ledger, tmp_path, rows(20)[::-1])
    night = binding.plan_of(ledger, spec(), NOON + timedelta(hours=12), base_dir=tmp_path)

    assert day.hash == turned.hash == night.hash
    assert night.later == 20


def test_a_list_and_the_ledger_that_it_was_read_into_have_one_hash(
    ledger: Ledger, tmp_path: Path
) -> None:
    suppress(ledger, number(3))
    before = planned(ledger, tmp_path, rows(20))

    campaign_id = enrolled(ledger, tmp_path, before.hash)

    both = binding.plan_of(ledger, spec(), NOON, base_dir=tmp_path, campaign_id=campaign_id)
    rows_only = binding.plan_of(ledger, spec(), NOON, campaign_id=campaign_id)
    assert before.hash == both.hash == rows_only.hash


CHANGES: Mapping[str, Any] = {
    "other attempts": {"policy": {"max_attempts": 2}},
    "other windows": {"policy": {"calling_windows": {"default": {"hours": "10:00-12:00"}}}},
    "other limits": {"limits": {"max_calls": 3}},
    "other words": {"variables": {"who": "dear {first_name}"}},
    "other shares": {
        "provider": [{"provider": "vogent", "share": 0.5}, {"provider": "vapi", "share": 0.5}]
    },
    "other agent": {"agent": {"agent_id": "x"}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_hash_changes_with_the_campaign_file(
    change: str, ledger: Ledger, tmp_path: Path
) -> None:
    before = planned(ledger, tmp_path, rows(10))

    assert planned(ledger, tmp_path, **CHANGES[change]).hash != before.hash


_PEOPLE = st.dictionaries(
    st.integers(0, 60), st.sampled_from(["written", "express", "none", ""]), min_size=1, max_size=12
)
_SUPPRESSED = st.sets(st.integers(0, 60), max_size=8)


@settings(max_examples=60, deadline=None)
@given(people=_PEOPLE, others=_PEOPLE, stopped=_SUPPRESSED, later_stopped=_SUPPRESSED)
def test_two_plans_have_one_hash_only_if_they_call_the_same_people(
    people: dict[int, str],
    others: dict[int, str],
    stopped: set[int],
    later_stopped: set[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("plans")
    with Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
        suppress(ledger, *map(number, stopped))
        one = planned(ledger, folder, _rows(people))
        suppress(ledger, *map(number, later_stopped))
        other = planned(ledger, folder, _rows(others))

    assert one.members is not None
    assert other.members is not None
    if one.members.by_number() != other.members.by_number():
        assert one.hash != other.hash
    assert one.called == _called(people, stopped)
    assert other.called == _called(others, stopped | later_stopped)


def _rows(people: Mapping[int, str]) -> list[Row]:
    return [(number(index), "Somebody", consent) for index, consent in people.items()]


def _called(people: Mapping[int, str], stopped: set[int]) -> int:
    return sum(consent == "written" and index not in stopped for index, consent in people.items())


def test_nobody_is_called_before_a_campaign_is_held_to_its_plan(
    ledger: Ledger, tmp_path: Path
) -> None:
    plan = planned(ledger, tmp_path, rows(12))
    campaign_id = enrolled(ledger, tmp_path, plan.hash)

    assert called(ledger, campaign_id) == 0

    binding.bind(ledger, campaign_id, plan.hash, APPROVAL, NOON)
    by_plan = plan.providers["vogent"].people
    assert called(ledger, campaign_id) == by_plan > 0


def test_whom_the_plan_does_not_call_is_not_called_whatever_changes_later(
    ledger: Ledger, tmp_path: Path
) -> None:
    suppress(ledger, *map(number, range(3)))
    plan = planned(ledger, tmp_path, rows(12))
    campaign_id = enrolled(ledger, tmp_path, plan.hash)
    binding.bind(ledger, campaign_id, plan.hash, APPROVAL, NOON)

    for index in range(3):
        ledger.run_sync(suppressions.remove, number(index))

    with ledger.reading() as db:
        counted = books.books(db, campaign_id)
    assert (counted.ready, counted.skipped) == (9, 3)
    both = called(ledger, campaign_id) + called(ledger, campaign_id, "vapi")
    assert both == plan.called == 9


def test_a_plan_that_has_changed_is_refused_and_it_is_told_how(
    ledger: Ledger, tmp_path: Path
) -> None:
    plan = planned(ledger, tmp_path, rows(12))
    write(tmp_path, rows(14)[1:])

    with pytest.raises(BadInput, match=written(plan.hash)) as refused:
        binding.verify(ledger, spec(), tmp_path, plan.hash, NOON)

    assert "2 added, 1 removed" in str(refused.value.faults[0])


def test_a_list_that_changes_while_it_is_read_is_not_run(ledger: Ledger, tmp_path: Path) -> None:
    plan = planned(ledger, tmp_path, rows(12))
    binding.verify(ledger, spec(), tmp_path, plan.hash, NOON)
    write(tmp_path, rows(13))
    campaign_id = enrolled(ledger, tmp_path, plan.hash)

    with pytest.raises(BadInput) as refused:
        binding.bind(ledger, campaign_id, plan.hash, APPROVAL, NOON)

    assert "1 added" in str(refused.value.faults[0])
    assert called(ledger, campaign_id) == 0


def test_a_changed_file_is_told_from_changed_people(ledger: Ledger, tmp_path: Path) -> None:
    plan = planned(ledger, tmp_path, rows(12))

    with pytest.raises(BadInput) as refused:
        binding.verify(ledger, spec(**CHANGES["other attempts"]), tmp_path, plan.hash, NOON)

    assert "the campaign file has changed" in str(refused.value.faults[0])
    assert "added" not in str(refused.value.faults[0])


def test_an_unknown_plan_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path, rows(3))

    with pytest.raises(BadInput) as refused:
        binding.verify(ledger, spec(), tmp_path, "0" * 16, NOON)

    assert "this ledger knows no plan 0000-0000-0000-0000" in str(refused.value.faults[0])


def test_who_holds_a_campaign_to_a_plan_stands_in_the_audit(ledger: Ledger, tmp_path: Path) -> None:
    plan = planned(ledger, tmp_path, rows(3))
    campaign_id = enrolled(ledger, tmp_path, plan.hash)
    binding.bind(ledger, campaign_id, plan.hash, APPROVAL, NOON)

    with ledger.reading() as db:
        [decision] = audit.listing(db)
    assert (decision.actor, decision.verb, decision.reason) == ("Ada", "approve", "as agreed")
    assert decision.subject == f"plan {written(plan.hash)} of {campaign_id}"


def test_a_campaign_that_is_held_to_a_plan_goes_on_whoever_runs_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    plan = planned(ledger, tmp_path, rows(3))
    campaign_id = enrolled(ledger, tmp_path, plan.hash)
    binding.bind(ledger, campaign_id, plan.hash, APPROVAL, NOON)

    without = ledger.run_sync(campaigns.enroll, spec(), str(tmp_path), NOON)
    write(tmp_path, rows(9))
    binding.verify(ledger, spec(), tmp_path, plan.hash, NOON)
    again = ledger.run_sync(campaigns.enroll, spec(), str(tmp_path), NOON, plan=plan.hash)

    assert without.plan == again.plan == plan.hash
    assert not without.unbound
    assert not again.unbound


@pytest.mark.parametrize("plan", [None, "the same"])
def test_a_campaign_that_is_held_to_a_plan_does_not_take_another_file(
    plan: str | None, ledger: Ledger, tmp_path: Path
) -> None:
    made = planned(ledger, tmp_path, rows(3))
    campaign_id = enrolled(ledger, tmp_path, made.hash)
    binding.bind(ledger, campaign_id, made.hash, APPROVAL, NOON)
    wanted = made.hash if plan else None

    with pytest.raises(BadInput, match="its file has changed since"):
        ledger.run_sync(
            campaigns.enroll,
            spec(**CHANGES["other attempts"]),
            str(tmp_path),
            NOON,
            plan=wanted,
        )


def test_a_campaign_that_waits_for_its_plan_is_not_run_without(
    ledger: Ledger, tmp_path: Path
) -> None:
    made = planned(ledger, tmp_path, rows(3))
    enrolled(ledger, tmp_path, made.hash)

    with pytest.raises(BadInput, match="is held to none yet"):
        ledger.run_sync(campaigns.enroll, spec(), str(tmp_path), NOON)


def test_planning_changes_nothing_about_a_later_run(ledger: Ledger, tmp_path: Path) -> None:
    planned(ledger, tmp_path, rows(12))

    with ledger.reading() as db:
        assert campaigns.listing(db) == []
        assert list(audit.listing(db)) == []


@pytest.mark.parametrize(
    "text", ["7f3a-09bc-11de-42aa", "plan 7F3A09BC11DE42AA", "7f3a09bc11de42aa"]
)
def test_a_hash_is_read_as_people_write_it(text: str) -> None:
    assert written(read_hash(text)) == "7f3a-09bc-11de-42aa"


@pytest.mark.parametrize("text", ["", "7f3a", "7f3a-09bc-11de-42ag", "7f3a09bc11de42aa0"])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="named by its hash"):
        read_hash(text)
