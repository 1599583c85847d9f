"""The hooks of a fault, and the request it happens to."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from simulator.dialect import Dialect, Endpoint
from simulator.exchange import Answer, Exchange
from simulator.network import Network
from simulator.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A request that a fault happens to."""

    dialect: Dialect
    endpoint: Endpoint
    network: Network
    wire: Wire
    exchange: Exchange
    """As it arrived."""
    perform: Callable[[], Answer]
    """Do what was asked, as of the network's present moment."""
    random: Random
    """The fault's own: the same seed and the same firing bring the same numbers."""
    memory: dict[str, Any]
    """The rule's own, kept from one happening to the next."""


class Instead(Exception):
    """Raised by `Fault.before` to answer without doing what was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answered {answer.status} instead")
        self.answer = answer


class Fault(BaseModel):
    """Something that goes wrong with a request.

    Each hook does nothing unless a kind overrides it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delays: ClassVar[bool] = False
    """It takes time and changes nothing else, so that no answer shows whether it happened."""

    async def before(self, incident: Incident) -> None:
        """Before anything is done: wait, raise `Instead`, or cut the wire (which raises `Cut`)."""

    def disguise(self, exchange: Exchange, incident: Incident) -> Exchange:
        """Change what the handler gets to see."""
        del incident
        return exchange

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Change the answer, wait, or cut the wire: what was asked has been done."""
        del incident
        return answer

    async def deliver(self, answer: Answer, incident: Incident) -> bool:
        """Send the answer in a way of one's own; True: it has been sent."""
        del answer, incident
        return False


class Mishap(BaseModel):
    """Something that goes wrong with one call inside the provider (`simulator.faults.mishaps`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def succeeded(answer: Answer) -> bool:
    """There is a good JSON body to spoil."""
    return answer.status < 300 and not isinstance(answer.body, bytes)  # noqa: PLR2004 - 2xx.
