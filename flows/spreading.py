"""Hand batches to the `run-batch` deployment, so that they spread over workers."""

from collections.abc import Iterable

from prefect.deployments.flow_runs import arun_deployment

from flows.waiting import Waiting

DEPLOYMENT = "run-batch/run-batch"


async def spread_batches(batch_ids: Iterable[str]) -> None:
    """Start a deployed flow run for each batch; asking twice for the same batch gives one run."""
    for batch_id in batch_ids:
        await arun_deployment(
            DEPLOYMENT,
            parameters={"batch_id": batch_id, "waiting": Waiting.SUSPENDED.value},
            idempotency_key=f"outdial-batch-{batch_id}",
            timeout=0,
            as_subflow=False,
        )
