"""A simulator without sockets: requests go straight into the application, in the same thread."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp

from simulator.app import Stage, build_app
from simulator.clock import VirtualClock
from simulator.people import People
from simulator.settings import SimulatorSettings

PEOPLE = People(mode="script", ring_seconds=(10, 10), talk_seconds=(60, 60))
"""Who picks up does so after ten seconds, and talks for a minute."""


class _Straight(httpx.BaseTransport):
    def __init__(self, app: ASGIApp) -> None:
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@dataclass(frozen=True)
class Town:
    """A simulator on a virtual clock."""

    stage: Stage
    clock: VirtualClock
    transport: httpx.BaseTransport

    def client(self, provider: str, key: str = "test-key") -> httpx.Client:
        return httpx.Client(
            transport=self.transport,
            base_url="http://simulator" + self.stage.mounts[provider],
            headers={"authorization": f"Bearer {key}"},
        )

    def ledger(self, provider: str) -> dict[str, Any]:
        client = httpx.Client(transport=self.transport, base_url="http://simulator")
        ledger: dict[str, Any] = client.get("/__ledger", params={"provider": provider}).json()
        return ledger


def found_town(clock: VirtualClock, **settings: Any) -> Town:
    """A new simulator; `settings` are those of `SimulatorSettings`, with scripted people."""
    app = build_app(SimulatorSettings.model_validate({"people": PEOPLE} | settings), clock=clock)
    return Town(stage=app.state.stage, clock=clock, transport=_Straight(app))
