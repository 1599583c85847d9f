"""A batch: its orders, its life-cycle log, and its state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from typing import Any
from uuid import UUID, uuid5

from campaign.words import Outcome
from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.dialects.bland.settings import BlandSettings

CHUNK = 1000
_FAILED = {Outcome.FAILED, Outcome.INVALID_NUMBER}


@dataclass(slots=True, kw_only=True)
class Batch:
    """A batch, of either generation."""

    id: str
    account: str
    created_at: float
    body_sha256: str
    description: str
    defaults: Mapping[str, Any]
    """What was sent for all calls: `global`, or the flat fields of v1."""
    objects: Sequence[Mapping[str, Any]]
    """The call objects as sent."""
    campaign_id: str | None = None
    hides_answered_by: bool = False
    """A v1 batch that was not sent with `answered_by_enabled`."""
    calls: list[Call] = field(default_factory=list[Call])
    stopped_at: float | None = None

    def row(self, settings: BlandSettings) -> dict[str, Any]:
        """What v2 shows of a batch: no status."""
        return {
            "id": self.id,
            "user_id": org_id(self.account),
            # JSON within JSON, as Bland has it.
            "base_prompt": dumps(self.defaults, separators=(",", ":")),
            "created_at": iso_utc(self.created_at),
            "call_objects": list(self.objects[: settings.preview]),
            "description": self.description,
        }

    def log(self, moment: float, settings: BlandSettings, speed: float) -> list[dict[str, Any]]:
        """The life-cycle log up to a moment, oldest first."""
        entries = sorted(self._events(settings, speed), key=lambda event: event[0])
        return [
            {
                "id": str(uuid5(UUID(self.id), f"{index}")),
                "batch_id": self.id,
                "org_id": org_id(self.account),
                "event_type": kind,
                "timestamp": iso_utc(at),
                "payload": payload,
            }
            for index, (at, kind, payload) in enumerate(entries)
            if at <= moment
        ]

    def _events(
        self, settings: BlandSettings, speed: float
    ) -> Iterator[tuple[float, str, dict[str, Any]]]:
        count = len(self.calls)
        dispatch = self.created_at + settings.dispatch_seconds / speed
        yield self.created_at, *_change("validating", f"Requested: {count}.")
        yield dispatch, *_change("dispatching", f"Requested: {count}. Validated: {count}.")
        running = "in_progress_chunked" if count > CHUNK else "in_progress"
        for at, state in self._phases(dispatch, running):
            said = f"Requested: {count}. Validated: {count}. Dispatched: {count}. CPS: 1.10."
            yield at, *_change(state, said)
        if self.stopped_at is not None and settings.after_stop == "stopped":
            yield self.stopped_at, *_change("stopped", "Stopped by request.")
        finish = self._finished_at(settings)
        if finish is not None and not (self.stopped_at and settings.after_stop == "silent"):
            yield from self._finish(finish)

    def _phases(self, dispatch: float, running: str) -> Iterator[tuple[float, str]]:
        scheduled = [call for call in self.calls if call.order.details["scheduled"]]
        immediate = [call for call in self.calls if not call.order.details["scheduled"]]
        if immediate:
            yield dispatch, running
        if not scheduled:
            return
        over = [call.over_at for call in immediate]
        if None not in over:
            waits = max([at for at in over if at is not None], default=dispatch)
            starts = [call.queued_at for call in scheduled if call.queued_at is not None]
            if not starts or min(starts) > waits:
                yield waits, "waiting_for_scheduled_calls"
            if starts:
                yield max(min(starts), waits), running

    def _finished_at(self, settings: BlandSettings) -> float | None:
        ends = [
            call.rang_at if settings.complete_at == "dispatch" and call.rang else call.over_at
            for call in self.calls
        ]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends):
            return None
        return max([*known, self.created_at])

    def _finish(self, at: float) -> Iterator[tuple[float, str, dict[str, Any]]]:
        failed = sum(call.outcome in _FAILED for call in self.calls)
        placed = sum(call.rang for call in self.calls)
        yield at, *_change("completed_partial" if failed else "completed", "Batch finished.")
        totals = {"calls_total": placed, "calls_failed": failed}
        yield at, "complete", totals | {"calls_successful": placed - failed}

    def over(self, moment: float) -> bool:
        """Every call had ended."""
        return all(call.state(moment) is State.ENDED for call in self.calls)


def org_id(account: str) -> str:
    """The organisation behind an API key."""
    return str(uuid5(UUID("657ad643-92ca-477c-97cc-9d8e6e74d7af"), account))


def _change(state: str, message: str) -> tuple[str, dict[str, Any]]:
    return "lifecycle", {"message": message, "state_change": state}
