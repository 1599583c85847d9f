"""The judge: who was rung, when, because of which request.

Written by the network and the gate, never by a dialect. Rows are only ever added. A ring shows the
later facts of its call as they come, a request its answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.calls import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One telephone that rang."""

    call: Call
    rang_at: float
    nth: int
    """The how-manieth ring of this number, over all providers, from 1."""
    overlaps: bool
    """The number was still open from an earlier ring."""

    def row(self) -> dict[str, Any]:
        """What `/__ledger` shows.

        Moments are wall clock, seconds since the epoch, UTC; unset while unknown.
        """
        call, order = self.call, self.call.order
        return {
            "provider": order.provider,
            "number": order.number,
            "nth": self.nth,
            "provider_batch_id": order.batch_id,
            "provider_call_id": call.id,
            "key": order.key,
            "tag": order.tag,
            "accepted_at": order.accepted_at,
            "body_sha256": order.body_sha256,
            "rang_at": self.rang_at,
            "answered_at": call.answered_at,
            "over_at": call.over_at,
            "ended_at": call.ended_at,
            "duration_seconds": None if call.over_at is None else call.talk_seconds,
            "outcome": call.outcome,
            "ended_by": call.ended_by,
            "overlaps": self.overlaps,
            "redial_of": call.redial_of,
        }


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """One HTTP request to a provider's API."""

    id: int
    provider: str
    method: str
    template: str
    """The path as the provider's documentation writes it, such as `/v2/batches/{batch_id}`."""
    route: str
    """What it is for: submit, start, status, list, page, detail, cancel, recording, check."""
    dials: bool
    """A request of this kind makes telephones ring."""
    at: float
    body_sha256: str
    query: str = ""
    status: int | None = None
    """As answered; None while under way, and when the connection was cut instead."""
    applied_at: float | None = None
    """When the provider acted on it; None: it had no effect."""
    unauthorized: bool = False
    faults: list[str] = field(default_factory=list[str])
    """Names of the faults that hit it."""


class Ledger:
    """Every ring and every request since the start or the last reset."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.requests: list[RequestRecord] = []
        self._by_number: defaultdict[str, list[Ring]] = defaultdict(list)

    def rung(self, number: str) -> list[Ring]:
        """Rings of one number, oldest first."""
        return list(self._by_number.get(number, ()))

    def nth(self, number: str) -> int:
        """The how-manieth ring the next one of this number will be."""
        return len(self._by_number.get(number, ())) + 1

    def add_ring(self, call: Call, nth: int) -> None:
        """Write down that a telephone rings now."""
        if call.rang_at is None:
            raise ValueError("a call that does not ring is no ring")
        earlier = self._by_number[call.number]
        overlaps = any(ring.call.over_at is None for ring in earlier)
        ring = Ring(call=call, rang_at=call.rang_at, nth=nth, overlaps=overlaps)
        earlier.append(ring)
        self.rings.append(ring)

    def add_request(self, record: RequestRecord) -> None:
        """Write down that a request has arrived."""
        self.requests.append(record)

    def select(
        self, *, provider: str | None, since: float | None, numbers: frozenset[str] | None
    ) -> tuple[list[Ring], list[RequestRecord]]:
        """Rings and requests of one provider, from `since` on, and rings of some numbers only."""
        rings = [
            ring
            for ring in self.rings
            if provider in {None, ring.call.order.provider}
            and (since is None or ring.rang_at >= since)
            and (numbers is None or ring.call.number in numbers)
        ]
        requests = [
            record
            for record in self.requests
            if provider in {None, record.provider} and (since is None or record.at >= since)
        ]
        return rings, requests

    def stats(self) -> dict[str, Any]:
        """Figures over everything, worked out from the rows."""
        return {
            "rings": len(self.rings),
            "rings_by_provider": _nested(
                (ring.call.order.provider, ring.call.outcome or "open") for ring in self.rings
            ),
            "requests": len(self.requests),
            "requests_by_provider": _nested(
                (record.provider, record.route) for record in self.requests
            ),
            "answers_by_provider": _nested(
                (record.provider, str(record.status or "none")) for record in self.requests
            ),
            "dialling_posts": Counter(record.provider for record in self.requests if record.dials),
            "distinct_numbers": len(self._by_number),
            "rung_while_open": sorted({ring.call.number for ring in self.rings if ring.overlaps}),
            "duplicate_keys": dict(self._duplicate_keys()),
            "provider_redials": sum(ring.call.redial_of is not None for ring in self.rings),
            "auth_failures": sum(record.unauthorized for record in self.requests),
            "faults": Counter(fault for record in self.requests for fault in record.faults),
        }

    def _duplicate_keys(self) -> Iterator[tuple[str, int]]:
        keys = Counter(
            ring.call.order.key
            for ring in self.rings
            if ring.call.order.key is not None and ring.call.redial_of is None
        )
        return ((key, rings) for key, rings in keys.items() if rings > 1)


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for first, second in pairs:
        counts[first][second] += 1
    return {first: dict(sorted(inner.items())) for first, inner in sorted(counts.items())}
