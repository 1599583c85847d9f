"""A batch dial job, and what Vogent tells about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.calls import Call
from simulator.clock import iso_utc
from simulator.dialects.vogent.bodies import CreateJob, Row, Schedule
from simulator.dialects.vogent.settings import VogentSettings
from simulator.lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A row in a job's queue."""

    id: str
    row: Row


@dataclass(slots=True, kw_only=True)
class Job:
    """A batch dial job."""

    id: str
    account: str
    created_at: float
    body_sha256: str
    body: CreateJob
    lane: Lane
    specs: Sequence[Spec]
    max_concurrent: int
    from_ids: Sequence[str] | None
    schedule: Schedule | None
    started_at: float | None = None
    paused: bool = False
    cancelled: bool = False
    calls: list[Call] = field(default_factory=list[Call])
    """One for each spec, in the same order; empty before the start."""

    def status(self, moment: float, settings: VogentSettings) -> str:
        """Where the job was at a moment."""
        if self.cancelled:
            return "CANCELLED"
        if self.started_at is None or self.started_at > moment:
            return "INIT"
        if all(_done(call, moment, settings) for call in self.calls):
            return "COMPLETE"
        return "PAUSED" if self.paused else "ACTIVE"

    def row(self, moment: float, settings: VogentSettings) -> dict[str, Any]:
        """The job object."""
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.body.name,
            "status": self.status(moment, settings),
            "callAgentId": self.body.callAgentId,
            "maxConcurrentDials": self.max_concurrent,
            "createdAt": iso_utc(self.created_at),
        }
        if self.from_ids is not None:
            shown["fromPhoneNumberIds"] = list(self.from_ids)
        if self.schedule is not None:
            # `disableSchedule` is taken but not shown.
            shown["schedule"] = self.schedule.model_dump(exclude={"disableSchedule"})
        return shown

    def queued(self, moment: float) -> list[Spec]:
        """Rows that nobody has been called for yet."""
        if self.started_at is None or self.started_at > moment:
            return list(self.specs)
        return [
            spec
            for spec, call in zip(self.specs, self.calls, strict=True)
            if call.over_at is None and (call.rang_at is None or call.rang_at > moment)
        ]

    def spec_row(self, spec: Spec) -> dict[str, Any]:
        """A row of the queue."""
        return {
            "id": spec.id,
            "toNumber": spec.row.toNumber,
            "batchDialJobId": self.id,
            "inputs": spec.row.inputs,
            "createdAt": iso_utc(self.created_at),
        }


def _done(call: Call, moment: float, settings: VogentSettings) -> bool:
    dialled = call.rang_at is not None and call.rang_at <= moment
    return call.over(moment) or (settings.complete_when == "dialled" and dialled)
