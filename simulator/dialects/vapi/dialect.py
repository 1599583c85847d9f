"""Vapi's API as a dialect."""

from collections.abc import Sequence

from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.dialect import Endpoint, World
from simulator.dialects.vapi.call_routes import CallRoutes
from simulator.dialects.vapi.campaign_routes import CampaignRoutes
from simulator.dialects.vapi.complaints import complaints
from simulator.dialects.vapi.organization import PROVIDER, Organizations, refusal
from simulator.dialects.vapi.resource_routes import ResourceRoutes
from simulator.dialects.vapi.settings import VapiSettings
from simulator.exchange import Answer

_WRONG_KEY = (
    "Invalid Key. Hot tip, you may be using the private key instead of the public key, "
    "or vice versa."
)
_UNAUTHORIZED = 401


class Vapi:
    """Vapi's API over the simulated network."""

    name = PROVIDER
    mount = "/vapi"

    def __init__(self, world: World, settings: VapiSettings) -> None:
        organizations = Organizations(world, settings)
        self.endpoints: Sequence[Endpoint] = (
            *CampaignRoutes(organizations).endpoints,
            *CallRoutes(organizations).endpoints,
            *ResourceRoutes(organizations).endpoints,
        )

    def key(self, headers: Headers) -> str | None:
        """The private key in `Authorization: Bearer <key>`."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" and key else None

    def refusal(self, status: int, message: str) -> Answer:
        """NestJS's error body."""
        return refusal(status, _WRONG_KEY if status == _UNAUTHORIZED else message)

    def invalid(self, error: ValidationError) -> Answer:
        """A 400 with a line for each problem."""
        return refusal(400, complaints(error))
