"""Faults of time: slow, late, or never."""

import asyncio
from typing import ClassVar, Literal

from pydantic import Field

from simulator.exchange import Answer, Exchange
from simulator.faults.fault import Fault, Incident, Instead
from simulator.wire import head


class Latency(Fault):
    """Wait before or after doing what was asked."""

    delays: ClassVar[bool] = True
    kind: Literal["latency"] = "latency"
    when: Literal["before", "after"] = "before"
    seconds: float = Field(default=1.0, ge=0)
    up_to: float | None = None
    """With it, the wait is drawn between `seconds` and `up_to`."""

    def _drawn(self, incident: Incident) -> float:
        return (
            self.seconds
            if self.up_to is None
            else incident.random.uniform(self.seconds, self.up_to)
        )

    async def before(self, incident: Incident) -> None:
        """Wait."""
        if self.when == "before":
            await asyncio.sleep(self._drawn(incident))

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Wait."""
        if self.when == "after":
            await asyncio.sleep(self._drawn(incident))
        return answer


class Hang(Fault):
    """Take the request and say nothing until the client leaves."""

    kind: Literal["hang"] = "hang"
    when: Literal["before", "after"] = "after"

    async def before(self, incident: Incident) -> None:
        """Never do what was asked."""
        if self.when == "before":
            await incident.wire.wait_until_gone()

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """It was done."""
        if self.when == "after":
            await incident.wire.wait_until_gone()
        return answer


class LateEffect(Fault):
    """Leave the client without a good answer, and do what was asked `seconds` later.

    A client must not take silence for a no.
    """

    kind: Literal["late_effect"] = "late_effect"
    seconds: float = Field(default=5.0, ge=0)
    status: int | None = Field(default=None, ge=200, le=599)
    """Answer this now instead of closing the connection."""

    async def before(self, incident: Incident) -> None:
        """Put it off, and leave the client in doubt."""

        def perform() -> None:
            incident.perform()

        incident.network.at(incident.network.now + self.seconds, perform)
        if self.status is not None:
            raise Instead(incident.dialect.refusal(self.status, "Took too long."))
        await incident.wire.close()


class ListingLag(Fault):
    """Hide rows from lists for `seconds` after they came into being."""

    kind: Literal["listing_lag"] = "listing_lag"
    seconds: float = Field(default=30.0, ge=0)

    def disguise(self, exchange: Exchange, incident: Incident) -> Exchange:
        """Let the handler look at an older list."""
        del incident
        return exchange.looking_back(lag=self.seconds)


class StaleRead(Fault):
    """Show calls as they were `seconds` ago: what was completed is in progress again."""

    kind: Literal["stale_read"] = "stale_read"
    seconds: float = Field(default=30.0, ge=0)

    def disguise(self, exchange: Exchange, incident: Incident) -> Exchange:
        """Let the handler read the past."""
        del incident
        return exchange.looking_back(stale=self.seconds)


class Drip(Fault):
    """Send the answer in small pieces over `seconds`: each read is quick, the whole is not."""

    kind: Literal["drip"] = "drip"
    seconds: float = Field(default=5.0, ge=0)
    pieces: int = Field(default=20, ge=1)
    part: Literal["body", "headers"] = "body"
    """What drips; after dripping headers the connection is closed."""

    async def deliver(self, answer: Answer, incident: Incident) -> bool:
        """Drip."""
        if self.part == "body":
            await incident.wire.drip(answer, pieces=self.pieces, seconds=self.seconds)
            return True
        body = answer.encode()
        length = ("content-length", str(len(body)))
        start = head(answer.status, [("content-type", answer.content_type), length])
        size = -(-len(start) // self.pieces)
        drops = [start[offset : offset + size] for offset in range(0, len(start), size)]
        await incident.wire.write_raw(*drops, body, pause=self.seconds / len(drops))
        return True
