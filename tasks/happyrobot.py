"""Prefect tasks for HappyRobot: chunks of calls; a lost answer leaves one chunk in doubt."""

from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.steps import advancing, collecting, finding, starting, stopping, submitting
from tasks.steps.policy import Policy
from tasks.steps.runtime import current

POLICY = Policy(
    parallel_submits=2,
    parallel_details=4,
    first_look=timedelta(seconds=20),
    quiet=timedelta(minutes=10),
    start_guard=timedelta(minutes=0),
)


# No retries, ever: a submit that is repeated blindly rings people twice.
@task(task_run_name="happyrobot submit {batch_id}", tags=["happyrobot"], cache_policy=NO_CACHE)
async def submit(batch_id: str) -> None:
    """Send what is planned and due."""
    await submitting.submit(current(), batch_id, POLICY)


@task(
    task_run_name="happyrobot find {batch_id}",
    tags=["happyrobot"],
    cache_policy=NO_CACHE,
    retries=2,
)
async def find(batch_id: str) -> None:
    """Look up what is in doubt."""
    await finding.find(current(), batch_id, POLICY)


@task(task_run_name="happyrobot start {batch_id}", tags=["happyrobot"], cache_policy=NO_CACHE)
async def start(batch_id: str) -> None:
    """Nothing to do: a submission dials by itself."""
    await starting.start(current(), batch_id)


@task(
    task_run_name="happyrobot collect {batch_id}",
    tags=["happyrobot"],
    cache_policy=NO_CACHE,
    retries=2,
)
async def collect(batch_id: str) -> None:
    """Look at the batch and bring its calls home, once."""
    await collecting.poll(current(), batch_id)
    await collecting.collect(current(), batch_id, POLICY)


@task(
    task_run_name="happyrobot watch {batch_id}",
    tags=["happyrobot"],
    cache_policy=NO_CACHE,
    retries=2,
)
async def watch(batch_id: str) -> None:
    """Look and bring home until nothing is left to wait for, or something else is due."""
    await advancing.watch(current(), batch_id, POLICY)


@task(
    task_run_name="happyrobot stop {batch_id}",
    tags=["happyrobot"],
    cache_policy=NO_CACHE,
    retries=2,
)
async def stop(batch_id: str) -> None:
    """Have no further call placed."""
    await stopping.stop(current(), batch_id)
