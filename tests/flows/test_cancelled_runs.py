"""A flow run that is cancelled in Prefect, at work or not, takes its campaign along."""

import asyncio
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelling

from campaign.states import CampaignState
from flows.run_campaign import run_campaign
from simulator.server import RunningSimulator
from store import books, campaigns
from store.campaigns import CampaignView
from store.ledger import Ledger
from tests.flows.campaigns import campaign, write_list

PEOPLE = 400


def found(name: str) -> CampaignView:
    with Ledger.open() as ledger, ledger.reading() as db:
        return campaigns.get(db, name)


async def test_a_run_at_a_terminal_stops_its_campaign_and_ends_when_the_provider_is_quiet(
    simulator: RunningSimulator, folder: Path, prefect_api: str
) -> None:
    write_list(folder, PEOPLE)
    limits = {"batch_size": 4, "open_batches": 1, "start_guard": "0s"}
    spec = campaign("vogent", "at-a-terminal", limits=limits)
    (folder / "campaign.yaml").write_text(spec.model_dump_json(exclude_defaults=True))
    flow: Any = run_campaign
    rings = simulator.stage.world.ledger.rings

    run = asyncio.create_task(flow(file=str(folder / "campaign.yaml"), return_state=True))
    while not rings:  # noqa: ASYNC110 - the simulator, in a thread of its own, tells nobody
        await asyncio.sleep(0.05)
    flow_run_id = found("at-a-terminal").flow_run_id
    assert flow_run_id is not None
    async with get_client() as client:
        await client.set_flow_run_state(flow_run_id, Cancelling(), force=True)
    state: State[Any] = await run

    ended = found("at-a-terminal")
    assert state.is_cancelled()
    assert ended.state is CampaignState.CANCELLED
    assert len(rings) < PEOPLE
    with Ledger.open() as ledger, ledger.reading() as db:
        counted = books.books(db, ended.id)
    assert counted.closes
    assert counted.skipped == PEOPLE - len(rings)
