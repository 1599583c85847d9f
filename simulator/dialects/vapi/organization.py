"""An organization at Vapi: its lines, its campaigns, and what was done to its calls by hand."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from http.client import responses
from uuid import UUID

from simulator.calls import Call
from simulator.dialect import World
from simulator.dialects.vapi.campaign import Campaign
from simulator.dialects.vapi.settings import VapiSettings
from simulator.exchange import Answer, Exchange, Refused
from simulator.lanes import Trunk

PROVIDER = "vapi"


def refusal(status: int, message: str | list[str]) -> Answer:
    """NestJS's error body."""
    error = {"error": responses.get(status, "Error"), "statusCode": status}
    return Answer(status=status, body={"message": message} | error)


@dataclass(slots=True, kw_only=True)
class Organization:
    """One account."""

    account: str
    trunk: Trunk
    campaigns: dict[str, Campaign] = field(default_factory=dict[str, Campaign])
    """In the order of creation."""
    names: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    """Names that were given to calls later, and when, by call id."""
    erased: set[str] = field(default_factory=set[str])
    """Ids of calls whose data were deleted."""

    @property
    def id(self) -> str:
        """Its id: the same for the same key."""
        return stable_id("organization", self.account)

    @property
    def free_lines(self) -> int:
        """Lines on which nobody is called or talking."""
        return self.trunk.capacity - len(self.trunk.live)


class Organizations:
    """All accounts of one Vapi."""

    def __init__(self, world: World, settings: VapiSettings) -> None:
        self.network = world.network
        self.settings = settings
        self._by_account: dict[str, Organization] = {}

    def of(self, account: str) -> Organization:
        """The organization of a key."""
        if account not in self._by_account:
            trunk = self.network.trunk(self.settings.lines)
            self._by_account[account] = Organization(account=account, trunk=trunk)
        return self._by_account[account]

    def refuse_missing(self, *ids: str) -> None:
        """Raise `Refused` if the organization lacks one of the things that a creation names."""
        if not self.settings.missing.isdisjoint(ids):
            raise Refused(refusal(self.settings.missing_status, "Couldn't Find Resource"))

    def listed(self, born_at: float, exchange: Exchange) -> bool:
        """Something born at a moment is already in lists."""
        return exchange.visible(born_at) and self.readable(born_at, exchange)

    def readable(self, born_at: float, exchange: Exchange) -> bool:
        """Something born at a moment can already be read."""
        return born_at <= exchange.now - self.settings.read_after_write

    def find_call(self, exchange: Exchange) -> Call:
        """The call in the path. Raises `Refused`."""
        call_id = path_id(exchange.params["id"])
        call = self.network.call(call_id)
        organization = self.of(exchange.account)
        if (
            call is None
            or call.dropped
            or (call.order.provider, call.order.account) != (PROVIDER, exchange.account)
            or call_id in organization.erased
            or not self.readable(born_at(call) or exchange.now + 1, exchange)
        ):
            raise Refused(refusal(404, "Couldn't Find Call"))
        return call


def born_at(call: Call) -> float | None:
    """When a call came into being; None: its contact still waits, and nobody can see the call."""
    return call.rang_at if call.order.batch_id is not None else call.created_at


def path_id(text: str) -> str:
    """A UUID in a path. Raises `Refused`."""
    try:
        return str(UUID(text))
    except ValueError:
        raise Refused(refusal(400, "Validation failed (uuid is expected)")) from None


@lru_cache(maxsize=256)
def stable_id(*parts: str) -> str:
    """A UUID that is the same for the same parts."""
    return str(UUID(bytes=sha256("/".join(parts).encode()).digest()[:16], version=4))
