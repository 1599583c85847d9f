"""Bring a campaign into the ledger, or find the one that is there, and see who looks after it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from campaign.document import read_campaign
from campaign.errors import BadInput
from campaign.spec import CampaignSpec
from campaign.states import CampaignState
from store import campaigns, sweeps
from store.campaigns import CampaignView
from tasks.steps import planning
from tasks.steps.runtime import Runtime

_STOPPED_BY_A_PERSON = (CampaignState.PAUSED, CampaignState.CANCELLING, CampaignState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A campaign as a flow run finds it."""

    id: str
    spec: CampaignSpec
    busy_elsewhere: bool
    """Handed over by another flow run, and not finished: leave it to that run."""
    unbound: bool
    """It is to be held to a plan before anybody is called."""


async def enroll(
    runtime: Runtime,
    *,
    form: CampaignSpec | None,
    name: str | None,
    file: str | None,
    flow_run_id: str | None,
    plan: str | None = None,
) -> Enrolled:
    """Enroll the campaign that exactly one of form, name and file tells, and set it running.

    One that a person has paused or cancelled stays so: a run by schedule does not undo that.
    `plan`: as in `CampaignView`. Raises `BadInput`.
    """
    if sum(one is not None for one in (form, name, file)) != 1:
        raise BadInput("say which campaign: give exactly one of campaign, name and file")
    campaign = await _campaign(runtime, form, name, file, plan)
    # A ledger that has forgotten a campaign cannot know its tags at the provider for its own, and
    # would call everybody again.
    await runtime.ledger.secure()
    if campaign.handed_over and campaign.flow_run_id not in {None, flow_run_id}:
        return _enrolled(campaign, busy_elsewhere=True)
    if campaign.state not in _STOPPED_BY_A_PERSON:
        now = runtime.clock.now()
        await runtime.ledger.run(campaigns.set_state, campaign.id, CampaignState.RUNNING, "", now)
    if flow_run_id is not None:
        await runtime.ledger.run(campaigns.attach_flow_run, campaign.id, flow_run_id)
    return _enrolled(campaign, busy_elsewhere=False)


def _enrolled(campaign: CampaignView, *, busy_elsewhere: bool) -> Enrolled:
    return Enrolled(
        id=campaign.id,
        spec=campaign.spec,
        busy_elsewhere=busy_elsewhere,
        unbound=campaign.unbound,
    )


async def _campaign(
    runtime: Runtime,
    form: CampaignSpec | None,
    name: str | None,
    file: str | None,
    plan: str | None,
) -> CampaignView:
    if name is not None:
        return await runtime.ledger.run(campaigns.get_for, name, plan)
    base_dir = Path.cwd()
    if file is not None:
        form, base_dir = await asyncio.to_thread(_read, Path(file))
    assert form is not None  # noqa: S101 - one of the three was given
    spec = CampaignSpec.model_validate(form.model_dump())
    return await runtime.ledger.run(
        campaigns.enroll, spec, str(base_dir), runtime.clock.now(), plan=plan
    )


def _read(file: Path) -> tuple[CampaignSpec, Path]:
    return read_campaign(file.read_text(), file.name), file.absolute().parent


async def hand_over(runtime: Runtime, campaign_id: str) -> None:
    """Leave the campaign to the sweeper."""
    await runtime.ledger.run(sweeps.set_handed_over, campaign_id, handed_over=True)


async def finished(runtime: Runtime, campaign_id: str) -> bool:
    """Nothing is under way, and nobody will be due any more."""
    if await planning.unfinished(runtime, campaign_id):
        return False
    return await planning.next_due(runtime, campaign_id) is None


async def cancelled(runtime: Runtime, campaign_id: str) -> bool:
    """The campaign has ended before its time."""
    return (await runtime.ledger.run(campaigns.get, campaign_id)).state is CampaignState.CANCELLED
