"""A plan and the planner that really runs decide the same, for anybody at any instant."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from campaign.rules.ruling import ruler
from campaign.spec import CampaignSpec
from campaign.states import CampaignState
from campaign.words import Outcome
from store import campaigns, suppressions
from store.intake.importing import import_recipients
from store.ledger import Ledger
from store.planning.candidates import Past
from store.plans import deciding
from store.plans.deciding import Decider, Fate
from store.plans.people import Everybody
from tests.calling.people import COLUMNS, Row, people
from tests.calling.scene import RECIPIENTS
from tests.calling.scenes import instants, policies
from tests.protocol.conftest import empty_ledger
from tests.protocol.world import copy_ledger
from tests.store.desk import Desk, listed

__all__ = ["empty_ledger"]

EXAMPLES = 25


@dataclass(frozen=True, kw_only=True)
class Round:
    """Calls that were made before, by this campaign or by another one to the same people."""

    own: bool
    ago: timedelta
    people: int
    outcomes: Sequence[Outcome | None]
    """One after the other; None: nothing has been heard of the call."""
    opted_out: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    people: Sequence[Row]
    policy: Mapping[str, Any]
    now: datetime
    rounds: Sequence[Round]
    suppressed: Sequence[str]


_OUTCOMES = st.sampled_from(
    [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.VOICEMAIL, Outcome.ANSWERED, None]
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    now = draw(instants())
    # Half of them within the hours of an ordinary day: many are to be called.
    now = draw(st.sampled_from([now, now.replace(hour=18), now.replace(hour=16)]))
    rows = draw(people())
    rounds = st.builds(
        Round,
        own=st.booleans(),
        ago=st.integers(1, 60 * 24 * 4).map(lambda minutes: timedelta(minutes=minutes)),
        people=st.integers(1, 4),
        outcomes=st.lists(_OUTCOMES, min_size=1, max_size=4),
        opted_out=st.booleans(),
    )
    return Case(
        people=rows,
        policy=draw(policies(now)),
        now=now,
        rounds=sorted(draw(st.lists(rounds, max_size=4)), key=lambda one: -one.ago),
        suppressed=draw(
            st.lists(st.sampled_from([row["phone_number"] for row in rows]), max_size=2)
        ),
    )


def spec(name: str, policy: Mapping[str, Any]) -> CampaignSpec:
    said = {"name": name, "provider": "vogent", "recipients": RECIPIENTS, "policy": policy}
    return CampaignSpec.model_validate(said)


def enrolled(desk: Desk, folder: Path, told: CampaignSpec) -> str:
    view = desk.ledger.run_sync(campaigns.enroll, told, str(folder), desk.now)
    desk.ledger.run_sync(campaigns.set_state, view.id, CampaignState.RUNNING, "", desk.now)
    import_recipients(desk.ledger, view.id, desk.now)
    return view.id


def prepare(case: Case, folder: Path, ledger: Ledger) -> tuple[Desk, CampaignSpec, str]:
    """A ledger in which all has happened that happened before."""
    with (folder / "people.csv").open("w", newline="") as file:
        columns: list[str] = [*COLUMNS]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(case.people)
    desk = Desk(ledger, case.now - timedelta(days=5))
    told = spec("ours", case.policy)
    desk.policy = told.policy
    ours = enrolled(desk, folder, told)
    theirs = enrolled(desk, folder, spec("theirs", {"calling_windows": "any_hour"}))
    for each in case.rounds:
        desk.now = case.now - each.ago
        call(desk, ours if each.own else theirs, each)
    desk.now = case.now
    for number in case.suppressed:
        ledger.run_sync(suppressions.add, [number], reason="asked", source="test", now=case.now)
    return desk, told, ours


def call(desk: Desk, campaign_id: str, each: Round) -> None:
    batch = desk.plan(campaign_id, size=each.people)
    if batch is None:
        return
    desk.submit(batch)
    keys = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    said = zip(keys, each.outcomes, strict=False)
    calls = [desk.call(key, outcome, opted_out=each.opted_out) for key, outcome in said if outcome]
    if calls:
        desk.page(batch, [listed(one) for one in calls])


def fates(desk: Desk, told: CampaignSpec, campaign_id: str) -> dict[int, Fate]:
    """What a plan decides for those who are still to be called."""
    with desk.ledger.reading() as db:
        decider = Decider(db, told, campaign_id, desk.now)
        return {
            person.id: fate
            for chunk in Everybody(told, None, campaign_id).chunks(db)
            for person, fate in decider.decide(chunk)
            if person.state == "ready" and person.id is not None
        }


def differences(desk: Desk, told: CampaignSpec, campaign_id: str) -> tuple[list[str], int]:
    """Where the plan and the planner decide otherwise, and how many they both call now."""
    planned = fates(desk, told, campaign_id)
    moment = desk.now.isoformat()
    not_due = {
        row["id"]
        for row in desk.recipients(campaign_id=campaign_id, state="ready")
        if row["due_at"] is not None and row["due_at"] > moment
    }
    desk.plan(campaign_id, size=1000, judge=ruler(told, desk.now))
    done = {row["id"]: row for row in desk.recipients(campaign_id=campaign_id)}
    said: list[str] = []
    for recipient_id, fate in planned.items():
        row = done[recipient_id]
        if recipient_id in not_due:
            # Called again: the planner does not even look, so that the plan must not say now.
            wrong = fate.called and not fate.waits(desk.now)
        else:
            wrong = decided(fate, desk.now) != (row["state"], row["reason"], row["due_at"])
        if wrong:
            said.append(f"{fate} but {row['state']}: {row['reason']} ({row['due_at']})")
    return said, sum(row["state"] == "open" for row in done.values())


def decided(fate: Fate, now: datetime) -> tuple[str, str, str | None]:
    """State, reason and due time of whoever met this fate."""
    if not fate.called:
        return "expired" if fate.expired else "skipped", fate.reason, None
    if not fate.waits(now):
        return "open", "", None
    return "ready", fate.reason, fate.at.isoformat(timespec="microseconds")


def run(case: Case, empty: Path, folder: Path) -> tuple[list[str], int]:
    with Ledger.open(copy_ledger(empty, folder)) as ledger:
        desk, told, campaign_id = prepare(case, folder, ledger)
        return differences(desk, told, campaign_id)


def test_whoever_the_plan_says_is_called_now_is_whom_the_planner_takes(
    empty_ledger: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    called: list[int] = []

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(case=cases())
    def same(case: Case) -> None:
        said, taken = run(case, empty_ledger, tmp_path_factory.mktemp("case"))
        called.append(taken)
        assert said == []

    same()
    assert sum(called) > EXAMPLES // 2


def test_a_plan_that_forgets_the_past_is_found_out(
    empty_ledger: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(*_said: object) -> dict[str, Past]:
        """Nobody was ever called."""
        return {}

    monkeypatch.setattr(deciding, "pasts", nothing)

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(case=cases())
    def same(case: Case) -> None:
        said, _ = run(case, empty_ledger, tmp_path_factory.mktemp("case"))
        assert said == []

    with pytest.raises(AssertionError):
        same()
