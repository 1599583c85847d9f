from datetime import timedelta

import pytest

from campaign.errors import BadInput, IllegalTransition
from campaign.states import CampaignState
from store import campaigns
from store.recipients import NewRecipient
from tests.store.desk import NOON, Desk, number, spec

SPLIT = [{"provider": "vogent", "share": 0.5}, {"provider": "vapi", "share": 0.5}]


def test_a_campaign_is_enrolled_once_by_its_name_with_its_newest_file(desk: Desk) -> None:
    first = desk.enroll(policy={"max_attempts": 2, "min_gap": "90m"})
    desk.later(hours=1)

    again = desk.enroll(policy={"max_attempts": 5})

    assert again.id == first.id
    assert again.spec.policy.max_attempts == 5
    assert (again.created_at, again.changed_at) == (NOON, desk.now)
    assert [one.id for one in desk.ledger.run_sync(campaigns.listing)] == [first.id]


def test_the_file_comes_back_as_it_was_read(desk: Desk) -> None:
    said = spec(policy={"min_gap": "90m"}, limits={"budget_usd": "12.50", "start_guard": "0s"})

    desk.ledger.run_sync(campaigns.enroll, said, "/lists", NOON)

    found = desk.ledger.run_sync(campaigns.get, "spring")
    assert found.spec == said
    assert found.base_dir == "/lists"
    assert found.state is CampaignState.DRAFT
    assert found.progress_artifact_id is None


def test_a_campaign_is_found_by_name_and_by_id(desk: Desk) -> None:
    one = desk.enroll("one")
    lookalike = desk.enroll(one.id)

    assert desk.ledger.run_sync(campaigns.get, "one").id == one.id
    assert desk.ledger.run_sync(campaigns.get, lookalike.id).name == one.id
    assert desk.ledger.run_sync(campaigns.get, one.id).id == lookalike.id


def test_a_campaign_that_does_not_exist_is_the_users_mistake(desk: Desk) -> None:
    with pytest.raises(BadInput) as caught:
        desk.ledger.run_sync(campaigns.get, "sprung")

    assert "sprung" in str(caught.value.faults[0])


def test_the_split_may_change_until_people_are_imported(desk: Desk) -> None:
    campaign = desk.enroll()
    desk.enroll(provider=SPLIT)
    desk.enroll()
    desk.add(campaign.id, [NewRecipient(phone_number=number(0), provider="vogent")])

    with pytest.raises(BadInput) as caught:
        desk.enroll(provider=SPLIT)

    assert "provider" in caught.value.faults[0].message
    assert desk.ledger.run_sync(campaigns.get, "spring").spec.provider == "vogent"
    desk.enroll(agent={"agent_id": "another"})


def test_a_campaign_moves_only_as_campaigns_do(desk: Desk) -> None:
    campaign = desk.enroll()
    desk.later(minutes=1)

    assert desk.ledger.run_sync(
        campaigns.set_state, campaign.id, CampaignState.RUNNING, "started", desk.now
    )
    with pytest.raises(IllegalTransition):
        desk.ledger.run_sync(
            campaigns.set_state, campaign.id, CampaignState.CANCELLED, "", desk.now
        )

    found = desk.ledger.run_sync(campaigns.get, campaign.id)
    assert (found.state, found.state_reason) == (CampaignState.RUNNING, "started")
    assert found.changed_at == NOON + timedelta(minutes=1)


def test_a_move_from_a_state_that_is_no_longer_so_does_nothing(desk: Desk) -> None:
    campaign = desk.enroll()

    moved = desk.ledger.run_sync(
        campaigns.set_state,
        campaign.id,
        CampaignState.COMPLETED,
        "",
        NOON,
        expected=CampaignState.RUNNING,
    )

    assert not moved
    assert desk.ledger.run_sync(campaigns.get, campaign.id).state is CampaignState.DRAFT


def test_a_campaign_remembers_its_flow_run_and_its_progress(desk: Desk) -> None:
    campaign = desk.enroll()

    desk.ledger.run_sync(campaigns.attach_flow_run, campaign.id, "run-1")
    desk.ledger.run_sync(campaigns.set_progress_artifact, campaign.id, "artifact-1")

    assert desk.ledger.run_sync(campaigns.get, campaign.id).flow_run_id == "run-1"
    assert desk.ledger.run_sync(campaigns.progress_artifact, campaign.id) == "artifact-1"


def test_two_campaigns_share_no_secret(desk: Desk) -> None:
    desk.enroll("one")
    desk.enroll("two")

    secrets = {bytes(row["secret"]) for row in desk.rows("campaign", "name")}
    assert len(secrets) == 2
    assert {len(secret) for secret in secrets} == {32}
