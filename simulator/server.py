"""Run the simulator: in the foreground, or in a thread beside tests and demos."""

import asyncio
import contextlib
import socket
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator.app import Stage, build_app
from simulator.clock import Clock
from simulator.settings import SimulatorSettings
from simulator.wire import TRANSPORT


class _CuttableProtocol(H11Protocol):
    """HTTP/1.1 that hands its transport to the application, so that a fault can cut the wire."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only for sockets that were made with the protocol's number; without it
        # every answer on a kept connection takes the 40 ms of a delayed acknowledgement.
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app = _with_transport(self.app, transport)


def _with_transport(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, TRANSPORT: transport}, receive, send)

    return serve


def _server(app: Starlette, host: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=_CuttableProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            # The gate writes the date of the simulator's own clock.
            date_header=False,
            timeout_graceful_shutdown=1,
        )
    )


def serve(settings: SimulatorSettings, host: str = "127.0.0.1", port: int = 8855) -> None:
    """Serve until interrupted. Raises `SystemExit` when the port is taken."""
    # Uvicorn has shut down in good order by then, and raises the signal once more.
    with contextlib.suppress(KeyboardInterrupt):
        _server(build_app(settings), host, port).run()


def base_urls(host: str = "127.0.0.1", port: int = 8855) -> Mapping[str, str]:
    """Each provider's base URL on a simulator there, as `<PROVIDER>_BASE_URL` wants it."""
    mounts: Mapping[str, str] = build_app().state.stage.mounts
    return {name: f"http://{host}:{port}{mount}" for name, mount in mounts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSimulator:
    """A simulator that runs in a thread of this process."""

    url: str
    """Without trailing slash."""
    base_urls: Mapping[str, str]
    """Each provider's base URL, as `<PROVIDER>_BASE_URL` wants it."""
    stage: Stage
    """Its inside, for tests; the HTTP routes under `/__` are the way for everybody else."""


@contextlib.contextmanager
def start_in_thread(
    settings: SimulatorSettings | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
) -> Generator[RunningSimulator]:
    """Serve in a thread until the block ends; port 0 takes a free one.

    Raises `OSError` when the port is taken.
    """
    app = build_app(settings, clock=clock)
    stage: Stage = app.state.stage
    with contextlib.closing(_listen(host, port)) as sock:
        server = _server(app, host, port)
        thread = Thread(
            target=server.run, kwargs={"sockets": [sock]}, name="simulator", daemon=True
        )
        thread.start()
        # The socket listens already: clients may connect before the server accepts.
        url = f"http://{host}:{sock.getsockname()[1]}"
        try:
            yield RunningSimulator(
                url=url,
                base_urls=base_urls(host, sock.getsockname()[1]),
                stage=stage,
            )
        finally:
            server.should_exit = True
            thread.join()


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.create_server((host, port), backlog=512)
    sock.setblocking(False)
    return sock
