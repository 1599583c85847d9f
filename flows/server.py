"""A Prefect server for as long as this process lives, where the user has none.

Prefect can start one by itself, but as a child that a Ctrl-C on the terminal ends first of all, so
that the flow cannot report its own end, and that outlives a parent which is killed. This one is a
session of its own, and ends when its parent has ended, however that ends.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO

import httpx
from prefect.context import refresh_global_settings_context
from prefect.settings import get_current_settings

from campaign.errors import OutdialError

START_SECONDS = 120.0
"""A first start makes Prefect's database: 10 to 30 seconds on a slow machine."""

# None of these is of use to a server that lives as long as one run, and what another server has
# scheduled is not its to start.
_IDLE_SERVICES = ("SCHEDULER", "LATE_RUNS", "FOREMAN", "TRIGGERS", "EVENT_PERSISTER")

_running: list[subprocess.Popen[bytes]] = []
"""Kept, as the pipe that is their stdin must stay open. Prefect's last words at the exit of this
process still find them."""


def chosen_url() -> str | None:
    """Return the API of the server that the user has set, by environment, profile or file."""
    return get_current_settings().api.url


def start_server() -> str:
    """Start a server that everything in this process talks to; returns the URL of its UI.

    Raises `OutdialError` if it does not start.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = _process(port, log)
        _running.append(process)
        _wait(f"{url}/api", process, log)
    os.environ["PREFECT_API_URL"] = f"{url}/api"
    refresh_global_settings_context()
    return url


def _process(port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the server with a pipe from us as its stdin: when that is closed, it ends."""
    environment = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _IDLE_SERVICES}
    return subprocess.Popen(  # noqa: S603 - our own module and a number
        [sys.executable, "-m", "flows.server_process", str(port)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def _wait(api: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(api):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise OutdialError(
                f"Prefect's server did not start ({_last_line(log)}). Start one yourself by"
                " `prefect server start`, and set PREFECT_API_URL."
            )
        time.sleep(0.1)


def _answers(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
