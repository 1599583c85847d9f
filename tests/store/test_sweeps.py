from campaign.states import CampaignState
from store import campaigns, sweeps
from tests.store.desk import Desk

NAMES = ("one", "two", "three")


def test_the_flow_runs_at_work_are_those_that_have_not_left_their_running_campaign_to_others(
    desk: Desk,
) -> None:
    run = desk.ledger.run_sync
    at_work, handed_over, paused = (desk.campaign(1, name, 9) for name in NAMES)
    for one in (at_work, handed_over, paused):
        run(campaigns.attach_flow_run, one.id, f"flow run of {one.name}")
    run(sweeps.set_handed_over, handed_over.id, handed_over=True)
    run(campaigns.set_state, paused.id, CampaignState.PAUSED, "", desk.now)
    desk.campaign(1, "without", 9)

    assert run(sweeps.flow_runs_at_work) == ["flow run of one"]

    run(sweeps.set_handed_over, handed_over.id, handed_over=False)
    run(campaigns.set_state, paused.id, CampaignState.RUNNING, "", desk.now)
    assert sorted(run(sweeps.flow_runs_at_work)) == [
        f"flow run of {name}" for name in sorted(NAMES)
    ]
