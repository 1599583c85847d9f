"""A Vogent batch dial job: how it is ordered, what its words mean, whether it is ours."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from campaign.calls import Found, Order, SubmissionRef
from campaign.errors import Rejected, Transient, Unreadable, Unsupported
from campaign.words import Progress
from providers.mending import decode
from providers.moments import moment
from providers.vogent import agent as blocks
from providers.vogent.dials import KEY, TAG

# docs.vogent.ai/api-reference/get-batch-dial-job
PROGRESS = {
    "INIT": Progress.CREATED,
    "ACTIVE": Progress.RUNNING,
    "PAUSED": Progress.PAUSED,
    "COMPLETE": Progress.COMPLETED,
    "CANCELLED": Progress.CANCELLED,
}
_INGESTION = timedelta(minutes=5)
"""How long a new job's queue may still be filling up. Documented nowhere: assumed."""


class Job(msgspec.Struct, rename="camel"):
    """Everything but the counts, which Vogent does not tell."""

    id: str | None = None
    name: str | None = None
    status: str | None = None
    created_at: str | None = None

    @property
    def progress(self) -> Progress:
        """Ours for their word."""
        return PROGRESS.get(self.status or "", Progress.UNKNOWN)

    @property
    def tag(self) -> str:
        """What follows the campaign's label."""
        return (self.name or "").rpartition("#")[2]


class _QueuedRow(msgspec.Struct):
    inputs: dict[str, Any] | None = None


def compose(order: Order, agent: blocks.Agent) -> bytes:
    """Return the body that creates a job. Raises `Unsupported`."""
    if order.start_at is not None:
        raise Unsupported("Vogent knows no start time: a job begins when it is told to")
    numbers = _caller_numbers(order)
    body: dict[str, Any] = {
        "name": f"{order.label}#{order.tag}",
        "callAgentId": agent.agent_id,
        "maxConcurrentDials": order.concurrency,
        **({"fromPhoneNumberIds": numbers} if numbers else {}),
        **({"schedule": agent.schedule} if agent.schedule else {}),
        "rows": [
            {"toNumber": call.to, "inputs": {**call.variables, KEY: call.key, TAG: order.tag}}
            for call in order.calls
        ],
    }
    return msgspec.json.encode(body)


def tagged(rows: Iterable[msgspec.Raw], tag: str) -> list[Found]:
    """Pick the jobs that bear a tag, the oldest first. Raises `Unreadable`."""
    jobs = [_job(row, tag) for row in rows]
    hits = [
        Found(
            provider_batch_id=job.id,
            created_at=moment(job.created_at),
            dialling=job.status != "INIT",
        )
        for job in jobs
        if job.id and job.tag == tag
    ]
    return sorted(hits, key=lambda hit: hit.created_at or datetime.max.replace(tzinfo=UTC))


def compare(submission: SubmissionRef, queue: Iterable[msgspec.Raw]) -> None:
    """Prove that the queue of a job that has not begun holds exactly our calls.

    Raises `Rejected`; `Transient` if the queue may still be filling up.
    """
    ours = submission.keys
    keys = [_key(row) for row in queue]
    if len(set(keys)) < len(keys) or not ours.issuperset(keys):
        raise Rejected("the job's queue holds rows that are not ours, or one twice")
    if len(keys) < len(ours):
        young = datetime.now(UTC) - submission.since < _INGESTION
        error = Transient if young else Rejected
        raise error("the job's queue lacks some of our rows")


def _caller_numbers(order: Order) -> list[str]:
    """A job has one pool of caller numbers, and Vogent spreads its calls over it."""
    wished = {call.from_number for call in order.calls if call.from_number}
    if wished <= set(order.from_numbers):
        return list(order.from_numbers)
    if len({call.from_number for call in order.calls}) > 1:
        raise Unsupported("Vogent cannot give each call of a job its own caller number")
    return list(wished)


def _job(row: msgspec.Raw, tag: str) -> Job:
    """A job of somebody else that cannot be read is passed over; ours must not be."""
    try:
        return decode(bytes(row), Job)
    except (ValueError, RecursionError):
        if tag.encode() in bytes(row):
            raise Unreadable("the job with our tag cannot be read") from None
        return Job()


def _key(row: msgspec.Raw) -> str | None:
    try:
        key = (decode(bytes(row), _QueuedRow).inputs or {}).get(KEY)
    except (ValueError, RecursionError):
        return None
    return key if isinstance(key, str) else None
