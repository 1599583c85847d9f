"""Whether the ledger tells what the simulated telephone network knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from campaign.words import Outcome
from store.reports import results

_Calls = Mapping[tuple[str, str], bool]
"""Whether a person was reached, by provider and the provider's id of the call."""


@dataclass(frozen=True, slots=True)
class Line:
    """One provider: calls by the network and by the ledger, and with a person on the line."""

    provider: str
    rung: int
    recorded: int
    answered: int
    reached: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the network knows beside what the ledger says."""

    lines: Sequence[Line]
    telephones: int
    differing: int
    """Calls that only one of the two knows, or of which they tell different things."""
    overlapping: int
    """Rings of a telephone that was still in an earlier call."""

    @property
    def agrees(self) -> bool:
        """They tell the same, and nobody was rung twice at once."""
        return not self.differing and not self.overlapping


def compare(rings: Sequence[Mapping[str, Any]], db: Connection, campaign_id: str) -> Comparison:
    """Hold the network's own ledger of rings against ours, call by call."""
    rung = {
        (ring["provider"], ring["provider_call_id"]): Outcome(ring["outcome"]).reached
        for ring in rings
    }
    recorded = {
        (call.provider, call.provider_call_id): Outcome(call.outcome).reached
        for call in results.calls(db, campaign_id)
    }
    names = sorted({provider for provider, _ in (*rung, *recorded)})
    calls = rung.keys() | recorded.keys()
    return Comparison(
        lines=[_line(name, rung, recorded) for name in names],
        telephones=len({ring["number"] for ring in rings}),
        differing=sum(rung.get(call) is not recorded.get(call) for call in calls),
        overlapping=sum(bool(ring["overlaps"]) for ring in rings),
    )


def _line(provider: str, rung: _Calls, recorded: _Calls) -> Line:
    network = [reached for (name, _), reached in rung.items() if name == provider]
    ledger = [reached for (name, _), reached in recorded.items() if name == provider]
    return Line(provider, len(network), len(ledger), sum(network), sum(ledger))
