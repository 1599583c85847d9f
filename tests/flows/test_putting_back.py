"""Flow runs whose process or worker died are taken once more, and no others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Crashed, Pending, Running, Scheduled

from flows.putting_back import put_back_crashed, put_back_unstarted

pytestmark = pytest.mark.usefixtures("prefect_api")


@flow
async def looked_after() -> None:
    """What a deployment is of."""


async def deployed(client: PrefectClient, *tags: str) -> UUID:
    flow_id = await client.create_flow(looked_after)
    name = f"of-a-test-{uuid4()}"
    return await client.create_deployment(flow_id=flow_id, name=name, tags=list(tags))


async def crashed(client: PrefectClient, deployment_id: UUID, times: int = 1) -> FlowRun:
    run = await client.create_flow_run_from_deployment(deployment_id)
    for _ in range(times):
        await client.set_flow_run_state(run.id, Scheduled(), force=True)
        await client.set_flow_run_state(run.id, Crashed(), force=True)
    return run


async def state_of(client: PrefectClient, run: FlowRun) -> str | None:
    return (await client.read_flow_run(run.id)).state_name


def in_(**lengths: float) -> datetime:
    return datetime.now(UTC) + timedelta(**lengths)


async def test_a_crashed_run_is_put_back_once_the_crash_has_settled() -> None:
    async with get_client() as client:
        run = await crashed(client, await deployed(client))

        await put_back_crashed([str(run.id)], in_(seconds=15))
        assert await state_of(client, run) == "Crashed"

        await put_back_crashed([str(run.id)], in_(seconds=31))
        assert await state_of(client, run) == "AwaitingRetry"


async def test_a_run_that_crashes_again_and_again_is_left_as_it_is() -> None:
    async with get_client() as client:
        deployment_id = await deployed(client)
        fifth, sixth = [await crashed(client, deployment_id, times) for times in (5, 6)]

        await put_back_crashed([str(fifth.id), str(sixth.id)], in_(minutes=5))

        assert await state_of(client, fifth) == "AwaitingRetry"
        assert await state_of(client, sixth) == "Crashed"


async def test_runs_that_no_worker_would_take_or_that_nobody_knows_are_left_alone() -> None:
    async with get_client() as client:
        of_a_terminal = await client.create_flow_run(looked_after, state=Crashed())
        at_work = await client.create_flow_run_from_deployment(await deployed(client))
        await client.set_flow_run_state(at_work.id, Running(), force=True)
        known = [str(one) for one in (of_a_terminal.id, uuid4(), at_work.id)]

        await put_back_crashed(known, in_(minutes=5))

        assert await state_of(client, of_a_terminal) == "Crashed"
        assert await state_of(client, at_work) == "Running"


async def test_a_run_of_ours_that_was_taken_and_never_began_is_put_back() -> None:
    async with get_client() as client:
        ours, anothers = [
            await client.create_flow_run_from_deployment(await deployed(client, tag))
            for tag in ("outdial", "something-else")
        ]
        for run in (ours, anothers):
            await client.set_flow_run_state(run.id, Pending(), force=True)

        await put_back_unstarted(in_(minutes=4))
        assert await state_of(client, ours) == "Pending"

        await put_back_unstarted(in_(minutes=6))
        assert await state_of(client, ours) == "AwaitingRetry"
        assert await state_of(client, anothers) == "Pending"
