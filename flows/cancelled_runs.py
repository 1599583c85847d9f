"""A flow run that a person cancels in Prefect takes its campaign along."""

from datetime import timedelta
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from tasks.steps import sweeping
from tasks.steps.runtime import Runtime

_PAGE = 200
"""The most flow runs that Prefect returns at once."""
_CANCELLED = [StateType.CANCELLING, StateType.CANCELLED]
_LOOKS_EVERY = timedelta(seconds=5)


async def watch(runtime: Runtime, flow_run_id: str) -> None:
    """Cancel the campaign of a flow run at work as soon as the run is cancelled; ends by being so.

    A worker ends the process some seconds later. At a terminal nobody does, and the run goes on
    until its providers are quiet.
    """
    while True:
        await runtime.clock.sleep(_LOOKS_EVERY)
        await heed_cancellations(runtime, only=flow_run_id)


async def heed_cancellations(runtime: Runtime, only: str | None = None) -> None:
    """Cancel the campaigns whose own flow run was cancelled, whatever state that was in.

    Prefect itself runs nothing of ours when a suspended flow run is cancelled. `only`: look at this
    flow run alone.
    """
    wanted = await sweeping.flow_runs_to_heed(runtime)
    if only is not None:
        wanted = {only: wanted[only]} if only in wanted else {}
    if not wanted:
        return
    try:
        async with get_client() as client:
            cancelled = await _cancelled_among(client, list(wanted))
    except httpx.HTTPError as error:  # Calls go on without Prefect's server, too.
        why = type(error).__name__
        get_run_logger().warning("Prefect does not say which runs were cancelled: %s", why)
        return
    for run in cancelled:
        campaign_id = wanted[str(run.id)]
        ended = run.state_type is StateType.CANCELLED
        await sweeping.cancel(runtime, campaign_id, ended=ended)
        get_run_logger().info("campaign %s is cancelled, as %s was", campaign_id, run.name)


async def _cancelled_among(client: PrefectClient, flow_run_ids: list[str]) -> list[FlowRun]:
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=_CANCELLED))
    found: list[FlowRun] = []
    for start in range(0, len(flow_run_ids), _PAGE):
        ids = [UUID(one) for one in flow_run_ids[start : start + _PAGE]]
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids), state=state)
        found += await client.read_flow_runs(flow_run_filter=wanted)
    return found
