"""The routes for the people who run the simulator: all that is under `/__`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.clock import parse_moment
from simulator.exchange import explain
from simulator.faults.rules import FaultPlan, parse_plan
from simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from simulator.app import Stage


class Control:
    """Handlers over a stage."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    @property
    def routes(self) -> list[Route]:
        """Everything under `/__`."""
        return [
            Route("/__health", self.health, methods=["GET"]),
            Route("/__ledger", self.ledger, methods=["GET"]),
            Route("/__stats", self.stats, methods=["GET"]),
            Route("/__faults", self.show_faults, methods=["GET"]),
            Route("/__faults", self.put_faults, methods=["PUT"]),
            Route("/__faults", self.clear_faults, methods=["DELETE"]),
            Route("/__reset", self.reset, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        """Alive, and which providers are spoken."""
        del request
        return _json({"status": "ok", "providers": self._stage.mounts})

    async def ledger(self, request: Request) -> Response:
        """Rings and requests.

        `?provider=`, `?since=` (seconds or ISO 8601), `?numbers=` (comma-separated) narrow them.
        """
        query = request.query_params
        numbers = query.get("numbers")
        try:
            since = _moment(query.get("since"))
        except ValueError:
            return _json({"error": "since: seconds since the epoch, or ISO 8601"}, status=400)
        self._stage.world.network.advance()
        rings, requests = self._stage.world.ledger.select(
            provider=query.get("provider"),
            since=since,
            # An unescaped plus sign in a query is a space.
            numbers=frozenset(numbers.replace(" ", "+").split(",")) if numbers else None,
        )
        return _json(
            {
                "now": self._stage.world.network.now,
                "rings": [ring.row() for ring in rings],
                "requests": [asdict(record) for record in requests],
            }
        )

    async def stats(self, request: Request) -> Response:
        """Figures over the whole ledger."""
        del request
        self._stage.world.network.advance()
        return _json(self._stage.world.ledger.stats())

    async def show_faults(self, request: Request) -> Response:
        """The rules in force and how often each has happened."""
        del request
        return _json(self._stage.board.report())

    async def put_faults(self, request: Request) -> Response:
        """Put the rules of a faults file (YAML or JSON) in force instead of the present ones."""
        try:
            plan = parse_plan((await request.body()).decode())
        except ValidationError as error:
            return _json({"error": explain(error)}, status=422)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            return _json({"error": [f"neither YAML nor JSON: {error}"]}, status=400)
        self._stage.board.load(plan)
        return _json(self._stage.board.report())

    async def clear_faults(self, request: Request) -> Response:
        """No faults from now on."""
        del request
        self._stage.board.load(FaultPlan())
        return _json(self._stage.board.report())

    async def reset(self, request: Request) -> Response:
        """Begin a new world: no calls, an empty ledger, the faults of the start.

        A body (YAML or JSON) replaces settings, by the names at the top of `SimulatorSettings`.
        """
        stage = self._stage
        try:
            changes: Any = yaml.safe_load(await request.body()) or {}
            present = {
                name: getattr(stage.settings, name) for name in type(stage.settings).model_fields
            }
            stage.settings = SimulatorSettings.model_validate(present | changes)
        except ValidationError as error:
            return _json({"error": explain(error)}, status=422)
        except (yaml.YAMLError, TypeError) as error:
            return _json({"error": [f"not a mapping in YAML or JSON: {error}"]}, status=400)
        stage.reset()
        return _json({"status": "ok"})


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return parse_moment(text.replace(" ", "+"))
