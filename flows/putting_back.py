"""Have a worker take flow runs once more whose process or worker died."""

from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

_CRASHES_BORNE = 5
# A worker reports a crash a second time some seconds later, which would overwrite an earlier
# resumption.
_CRASH_SETTLES = timedelta(seconds=30)
_BEGINS_WITHIN = timedelta(minutes=5)


async def put_back_crashed(flow_run_ids: list[str], now: datetime) -> None:
    """Put those of these flow runs back that have crashed.

    Only those of a deployment: nothing would pick up what was started at a terminal.
    """
    async with get_client() as client:
        for flow_run_id in flow_run_ids:
            try:
                run = await client.read_flow_run(UUID(flow_run_id))
            except ObjectNotFound:  # At a terminal that has a Prefect server of its own.
                continue
            if run.deployment_id is None or settling(run, now):
                continue
            if await may_try_again(client, run):
                await put_back(client, run)


async def put_back_unstarted(now: datetime) -> None:
    """Put flow runs of our deployments back that have been pending for five minutes.

    The worker that took them died before they began, and nothing in Prefect starts them again.
    Should one begin after all, two look after one campaign, as any two may.
    """
    pending = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING])),
        tags=FlowRunFilterTags(all_=["outdial"]),
        deployment_id=FlowRunFilterDeploymentId(is_null_=False),
    )
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=pending):
            if run.state is not None and now - run.state.timestamp >= _BEGINS_WITHIN:
                await put_back(client, run)


async def put_back(client: PrefectClient, run: FlowRun) -> None:
    """Have a worker take a flow run at once."""
    again = Scheduled(name="AwaitingRetry", message="put back by resume-campaigns")  # pyright: ignore[reportUnknownVariableType, reportCallIssue]
    await client.set_flow_run_state(run.id, again, force=True)


def settling(run: FlowRun, now: datetime) -> bool:
    """A flow run crashed a moment ago: leave it alone for now."""
    state = run.state
    return state is not None and state.is_crashed() and now - state.timestamp < _CRASH_SETTLES


async def may_try_again(client: PrefectClient, run: FlowRun) -> bool:
    """A flow run has crashed, and not again and again."""
    if run.state is None or not run.state.is_crashed():
        return False
    states = await client.read_flow_run_states(run.id)
    return sum(one.type == StateType.CRASHED for one in states) <= _CRASHES_BORNE
