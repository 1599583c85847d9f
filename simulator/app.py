"""The simulator as an ASGI application."""

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from simulator.clock import Clock, SystemClock
from simulator.control import Control
from simulator.dialect import Dialect, Endpoint, World
from simulator.dialects.registry import DIALECTS
from simulator.exchange import Answer, Exchange
from simulator.faults.board import Board
from simulator.gate import Gate
from simulator.identity import Identity
from simulator.ledger import Ledger
from simulator.network import Conditions, Network
from simulator.settings import SimulatorSettings
from simulator.turnstile import Turnstile

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Stage:
    """Where a world is played: it can be struck and set up anew without restarting the server."""

    def __init__(self, settings: SimulatorSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.board = Board(settings.faults)
        self.reset()

    def reset(self) -> None:
        """A new world: no calls, an empty ledger, the faults of the start."""
        settings, ledger = self.settings, Ledger()
        self.board.load(settings.faults)
        network = Network(
            clock=self.clock,
            ledger=ledger,
            identity=Identity(self.clock, str(settings.seed) if settings.repeat_ids else None),
            mishaps=self.board,
            conditions=Conditions(
                people=settings.people,
                settle=settings.settle,
                seed=settings.seed,
                speed=settings.speed,
            ),
        )
        self._turnstile = Turnstile(settings.request_limits)
        self.world = World(clock=self.clock, network=network, ledger=ledger)
        self.dialects = [make(self.world, settings) for make in DIALECTS]
        self._router = Router([self._mount(dialect) for dialect in self.dialects])

    @property
    def mounts(self) -> dict[str, str]:
        """Where each provider is served."""
        return {dialect.name: dialect.mount for dialect in self.dialects}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request to a provider."""
        await self._router(scope, receive, send)

    def _mount(self, dialect: Dialect) -> Mount:
        endpoints = [*dialect.endpoints, *_refusals(dialect)]
        routes = [
            Route(
                endpoint.template,
                self._gate(dialect, endpoint),
                methods=_METHODS if endpoint.method == "*" else [endpoint.method],
            )
            for endpoint in endpoints
        ]
        return Mount(dialect.mount, routes=routes)

    def _gate(self, dialect: Dialect, endpoint: Endpoint) -> Gate:
        return Gate(
            dialect=dialect,
            endpoint=endpoint,
            world=self.world,
            board=self.board,
            keys=frozenset(self.settings.api_keys),
            turnstile=self._turnstile,
        )


def _refusals(dialect: Dialect) -> list[Endpoint]:
    """What catches the methods and paths that the provider does not have."""
    templates = dict.fromkeys(endpoint.template for endpoint in dialect.endpoints)
    wrong_method = dialect.refusal(405, "This path does not take this method.")
    unknown_path = dialect.refusal(404, "There is no such path.")
    return [_refusing(template, wrong_method) for template in templates] + [
        _refusing("/{path:path}", unknown_path)
    ]


def _refusing(template: str, answer: Answer) -> Endpoint:
    def refuse(exchange: Exchange) -> Answer:
        del exchange
        return answer

    return Endpoint(method="*", template=template, route="other", handler=refuse, needs_key=False)


def build_app(
    settings: SimulatorSettings | None = None, *, clock: Clock | None = None
) -> Starlette:
    """The simulator: five providers, and the routes under `/__`."""
    stage = Stage(settings or SimulatorSettings(), clock or SystemClock())
    app = Starlette(routes=[*Control(stage).routes, Mount("", app=stage)])
    app.state.stage = stage
    return app
