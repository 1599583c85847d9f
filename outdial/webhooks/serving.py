"""The receiver as a server."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from outdial.webhooks.receiver import Receiver

_AT_ONCE = 100
"""Requests; further ones are told 503, and the provider tries again or does not."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one. Raises `OSError` if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=_AT_ONCE)
    sock.setblocking(False)
    return sock


def serve(receiver: Receiver, sock: socket.socket) -> None:
    """Serve until interrupted."""
    _server(receiver).run(sockets=[sock])


@contextmanager
def serving_in_thread(receiver: Receiver, sock: socket.socket) -> Generator[str]:
    """Serve in a thread until the block ends, and lend the URL."""
    server = _server(receiver)
    thread = Thread(target=server.run, kwargs={"sockets": [sock]}, name="webhooks", daemon=True)
    thread.start()
    try:
        yield f"http://{sock.getsockname()[0]}:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _server(receiver: Receiver) -> uvicorn.Server:
    config = uvicorn.Config(
        receiver.app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        # A path may end with a secret.
        access_log=False,
        server_header=False,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)
