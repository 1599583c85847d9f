"""What the sweeper finds to do."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from campaign.states import CampaignState
from store import campaigns, sweeps
from store.batches import views as batches
from store.decisions import cancelling as cancelling_of
from store.submissions import claiming
from tasks.steps.runtime import Runtime

OVERDUE = timedelta(minutes=2)
"""A step that is so late is nobody's: its runner has died, or was never started again."""


async def recover(runtime: Runtime) -> None:
    """Take over the claims of dead runners, whatever campaign they belong to."""
    runner, now = runtime.runner, runtime.clock.now()
    await runtime.ledger.run(claiming.recover, now, runner.is_dead, is_alive=runner.is_alive)


async def due_batches(runtime: Runtime, *, besides: Collection[str] = ()) -> list[str]:
    """Ids of batches to advance now, `besides` these."""
    now = runtime.clock.now()
    return await runtime.ledger.run(sweeps.due_batches, now, OVERDUE, besides=besides)


async def anything_open(runtime: Runtime) -> bool:
    """Whether it is worth staying for the rest of the minute."""
    return await runtime.ledger.run(sweeps.anything_open)


async def handed_over(runtime: Runtime) -> list[str]:
    """Ids of campaigns whose flow runs have left them to us."""
    return await runtime.ledger.run(sweeps.handed_over)


async def cancelling(runtime: Runtime) -> list[str]:
    """Ids of the campaigns that are being cancelled."""
    return await runtime.ledger.run(sweeps.cancelling)


async def finish_cancel(runtime: Runtime, campaign_id: str) -> None:
    """Go on with a cancellation, as its flow run may be gone."""
    await runtime.ledger.run(cancelling_of.finish, campaign_id, runtime.clock.now())


async def flow_runs_at_work(runtime: Runtime) -> list[str]:
    """Ids of the flow runs that look after running campaigns themselves."""
    return await runtime.ledger.run(sweeps.flow_runs_at_work)


async def flow_runs_to_heed(runtime: Runtime) -> Mapping[str, str]:
    """Campaigns that are cancelled if a person cancels this flow run: ids by flow run's id."""
    return await runtime.ledger.run(sweeps.flow_runs_to_heed)


async def cancel(runtime: Runtime, campaign_id: str, *, ended: bool) -> None:
    """Cancel a campaign because its flow run was; one that is being cancelled already goes on.

    `ended`: the flow run will not see to the end of it, so that is for the sweeper.
    """
    now = runtime.clock.now()
    if ended:
        await runtime.ledger.run(sweeps.set_handed_over, campaign_id, handed_over=True)
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    if campaign.state is CampaignState.CANCELLING:
        return
    reason = "its flow run was cancelled"
    await runtime.ledger.run(
        cancelling_of.ask, campaign_id, actor="Prefect", reason=reason, now=now
    )
    await runtime.ledger.run(cancelling_of.finish, campaign_id, now)


async def room(runtime: Runtime, campaign_id: str) -> int:
    """How many further batches a campaign may have open."""
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    open_batches = await runtime.ledger.run(batches.unfinished, campaign_id)
    return campaign.spec.limits.batches_at_once - len(open_batches)


async def flow_run_of(runtime: Runtime, campaign_id: str) -> str | None:
    """The id of the flow run that handed the campaign over."""
    return (await runtime.ledger.run(campaigns.get, campaign_id)).flow_run_id


async def take_back(runtime: Runtime, campaign_id: str) -> None:
    """The campaign is no longer ours to go on with."""
    await runtime.ledger.run(sweeps.set_handed_over, campaign_id, handed_over=False)
