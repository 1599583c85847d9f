"""Faults of the connection: cut before or after the effect, or in the middle of the answer."""

from typing import Literal

from simulator.exchange import Answer
from simulator.faults.fault import Fault, Incident
from simulator.wire import head


class Close(Fault):
    """Close the connection without an answer, before or after doing what was asked."""

    kind: Literal["close"] = "close"
    when: Literal["before", "after"] = "after"
    reset: bool = False
    """Tear it down (RST) instead of closing it (FIN)."""

    async def _cut(self, incident: Incident) -> None:
        await (incident.wire.reset() if self.reset else incident.wire.close())

    async def before(self, incident: Incident) -> None:
        """Nothing was done."""
        if self.when == "before":
            await self._cut(incident)

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """It was done."""
        if self.when == "after":
            await self._cut(incident)
        return answer


class Truncate(Fault):
    """Promise a whole body, send a part of it, and close."""

    kind: Literal["truncate"] = "truncate"
    framing: Literal["length", "chunked", "headers"] = "length"
    """`length`: Content-Length too long; `chunked`: the last chunk is missing; `headers`: cut
    within the headers.
    """
    reset: bool = False
    """Tear the connection down (RST) instead of closing it (FIN)."""

    async def deliver(self, answer: Answer, incident: Incident) -> bool:
        """Send half of it."""
        body = answer.encode()
        half, kind = body[: len(body) // 2], ("content-type", answer.content_type)
        if self.framing == "length":
            parts = head(answer.status, [kind, ("content-length", str(len(body)))]), half
        elif self.framing == "chunked":
            chunk = f"{len(body):x}\r\n".encode() + half
            parts = head(answer.status, [kind, ("transfer-encoding", "chunked")]), chunk
        else:
            parts = (head(answer.status, [kind]).rstrip(b"\r\n"),)
        await incident.wire.write_raw(*parts, reset=self.reset)
        return True


class CloseAfter(Fault):
    """Answer properly, then close a connection that the client believes is kept alive."""

    kind: Literal["close_after"] = "close_after"

    async def deliver(self, answer: Answer, incident: Incident) -> bool:
        """Answer and close without `Connection: close`."""
        body = answer.encode()
        headers = [("content-type", answer.content_type), ("content-length", str(len(body)))]
        await incident.wire.write_raw(head(answer.status, headers), body)
        return True
