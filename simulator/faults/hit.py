"""A fault on its way through one request, and whether it made any difference to it."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from simulator.exchange import Answer, Exchange
from simulator.faults.fault import Fault, Incident, Instead
from simulator.wire import Cut


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that happens to a request."""

    label: str
    fault: Fault
    random: Random
    memory: dict[str, Any]
    tell: Callable[[], None]
    """Called when the client got something else, or got it otherwise, because of the fault."""

    async def before(self, incident: Incident) -> None:
        """Let it happen before anything is done."""
        with self._breaking():
            await self.fault.before(incident)
        if self.fault.delays:
            self.tell()

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Let it happen to the answer."""
        with self._breaking():
            changed = await self.fault.after(answer, incident)
        if changed is not answer and _differ(changed, answer):
            self.tell()
        return changed

    async def deliver(self, answer: Answer, incident: Incident) -> bool:
        """Let it send the answer in its own way; False: it has none."""
        with self._breaking():
            sent = await self.fault.deliver(answer, incident)
        if sent:
            self.tell()
        return sent

    @contextmanager
    def _breaking(self) -> Generator[None]:
        try:
            yield
        except (Instead, Cut):
            self.tell()
            raise


def disguised(
    hits: Sequence[tuple[Hit, Incident]], exchange: Exchange, answer: Callable[[Exchange], Answer]
) -> Answer:
    """Answer what is asked in the faults' disguises.

    A read is answered once more for each disguise, to know which of them made a difference.
    """
    reads = exchange.method == "GET"
    plain: Answer | None = None
    for hit, incident in hits:
        before, exchange = exchange, hit.fault.disguise(exchange, incident)
        if exchange is before:
            continue
        if not reads:
            hit.tell()  # To act twice only to know more would change what happens.
            continue
        plain = plain or answer(before)
        plain, unspoilt = answer(exchange), plain
        if _differ(plain, unspoilt):
            hit.tell()
    return plain or answer(exchange)


def _differ(one: Answer, other: Answer) -> bool:
    return _sent(one) != _sent(other)


def _sent(answer: Answer) -> tuple[object, ...]:
    return answer.status, dict(answer.headers), answer.content_type, answer.encode()
