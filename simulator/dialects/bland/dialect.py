"""Bland's API as a dialect."""

from collections.abc import Sequence

from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.dialect import Endpoint, World
from simulator.dialects.bland.accounts import PROVIDER, Accounts, wrapped
from simulator.dialects.bland.call_routes import CallRoutes
from simulator.dialects.bland.settings import BlandSettings
from simulator.dialects.bland.v1_routes import V1Routes
from simulator.dialects.bland.v2_routes import V2Routes
from simulator.exchange import Answer, explain

_BEARER = "Bearer "


class Bland:
    """Bland's API over the simulated network."""

    name = PROVIDER
    mount = "/bland"

    def __init__(self, world: World, settings: BlandSettings) -> None:
        accounts = Accounts(world, settings)
        self._settings = settings
        self.endpoints: Sequence[Endpoint] = (
            *V2Routes(accounts).endpoints,
            *V1Routes(accounts).endpoints,
            *CallRoutes(accounts).endpoints,
        )

    def key(self, headers: Headers) -> str | None:
        """`authorization: <key>`, without any scheme."""
        value = headers.get("authorization")
        if value is not None and self._settings.accept_bearer:
            return value.removeprefix(_BEARER)
        return value

    def refusal(self, status: int, message: str) -> Answer:
        """An error body of the newer shape."""
        return wrapped(status, message)

    def invalid(self, error: ValidationError) -> Answer:
        """400 for whatever is wrong with a body or a query."""
        return wrapped(self._settings.errors_status, "; ".join(explain(error)))
