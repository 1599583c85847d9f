"""Vogent's API as a dialect."""

from collections.abc import Sequence

from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.dialect import Endpoint, World
from simulator.dialects.vogent.dial_routes import DialRoutes
from simulator.dialects.vogent.job_routes import JobRoutes
from simulator.dialects.vogent.settings import VogentSettings
from simulator.dialects.vogent.workspace import PROVIDER, Workspaces, refusal
from simulator.exchange import Answer, explain

_BEARER = "Bearer "


class Vogent:
    """Vogent's API over the simulated network."""

    name = PROVIDER
    mount = "/vogent/api"

    def __init__(self, world: World, settings: VogentSettings) -> None:
        workspaces = Workspaces(world, settings)
        self.endpoints: Sequence[Endpoint] = (
            *JobRoutes(workspaces).endpoints,
            *DialRoutes(workspaces).endpoints,
        )

    def key(self, headers: Headers) -> str | None:
        """`Authorization: Bearer <key>`."""
        value = headers.get("authorization", "")
        return value.removeprefix(_BEARER) if value.startswith(_BEARER) else None

    def refusal(self, status: int, message: str) -> Answer:
        """An error body."""
        return refusal(status, message)

    def invalid(self, error: ValidationError) -> Answer:
        """400 for a body that is no JSON, 422 for one that breaks the schema."""
        malformed = any(problem["type"] == "json_invalid" for problem in error.errors())
        problems = explain(error)
        return refusal(400 if malformed else 422, "; ".join(problems), problems)
