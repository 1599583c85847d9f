"""A Prefect installation of its own: server with all services, work pool, deployments, worker."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.session import Session, until

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 420.0
SILENCE_SECONDS = 150.0
"""A server on SQLite can say nothing for a minute: so long two of its own connections wait for one
lock (`busy_timeout` in `prefect/server/database/configurations.py`)."""

_SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "true",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}


class Installation:
    """What a user has who followed the README: server, deployments and one worker."""

    def __init__(self, session: Session, folder: Path, settings: Mapping[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api"
        self._name = f"deployed-{port}"
        self.home = folder / "prefect-home"
        self.home.mkdir()
        self._env = {
            **_SETTINGS,
            **settings,
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": self.url,
        }
        self._session = session
        self.server_log = self._serve("server", "server", "start", "--port", str(port))
        until(self._healthy, self.server_log)
        self._python("prefect", "work-pool", "create", "--type", "process", "outdial")
        self._python(
            *("prefect", "--no-prompt", "deploy", "--all"),
            *("--prefect-file", "deployments/prefect.yaml"),
        )
        self._python("deployments.automations")
        self.start_worker("worker")

    def start_worker(self, name: str) -> None:
        """Start a worker, whose log ends in this name."""
        self.worker_log = self._serve(name, "worker", "start", "--pool", "outdial")

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a deployment by its `flow/deployment` name."""
        return self.call("GET", f"deployments/name/{name}")

    def create_run(self, deployment: str, parameters: dict[str, Any], key: str) -> dict[str, Any]:
        """Trigger a deployment over the API, as a program outside would."""
        wanted = {
            "parameters": parameters,
            "idempotency_key": key,
            "state": {"type": "SCHEDULED"},
        }
        its_id = self.deployment(deployment)["id"]
        return self.call("POST", f"deployments/{its_id}/create_flow_run", wanted)

    def runs(self, deployment: str, state: str) -> list[dict[str, Any]]:
        """Return the flow runs of a deployment that are in a state of this type."""
        wanted = {
            "deployments": {"id": {"any_": [self.deployment(deployment)["id"]]}},
            "flow_runs": {"state": {"type": {"any_": [state]}}},
        }
        return self.call("POST", "flow_runs/filter", wanted)

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a flow run."""
        return self.call("GET", f"flow_runs/{run_id}")

    def has_been(self, run_id: str, *states: str) -> bool:
        """Whether a flow run is or was in one of these states; a silent server hides short ones."""
        known = self.call("GET", f"flow_run_states/?flow_run_id={run_id}")
        return any(state["name"] in states for state in known)

    def wait_for(self, run_id: str, *states: str) -> dict[str, Any]:
        """Wait until a flow run has been in one of these states, and return it."""

        def reached() -> bool:
            return self.has_been(run_id, *states)

        wait_until(reached, lambda: f"{self.run(run_id)['state']}\n{self.tails()}")
        return self.run(run_id)

    def call(self, method: str, path: str, json: Any = None) -> Any:
        """Ask the API. A server on SQLite answers 503 when two write at once: then again."""
        url = f"{self.url}/{path}"
        answer = httpx.request(method, url, json=json, timeout=SILENCE_SECONDS)
        while answer.status_code == 503:
            time.sleep(0.1)
            answer = httpx.request(method, url, json=json, timeout=SILENCE_SECONDS)
        assert answer.is_success, f"{answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").is_success
        except httpx.TransportError:
            return False

    def _serve(self, name: str, *command: str) -> Path:
        prefect = [sys.executable, "-m", "prefect", *command]
        return self._session.serve(f"{self._name}-{name}", prefect, env=self._env)

    def _python(self, module: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            check=False,
            cwd=ROOT,
            env={**os.environ, **self._env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def tails(self) -> str:
        """Return the ends of the logs."""
        return "\n".join(log.read_text()[-3000:] for log in (self.server_log, self.worker_log))


def wait_until(reached: Callable[[], bool], told: Callable[[], str]) -> None:
    """Wait for what other processes do; fail with what `told` says after a few minutes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < end, told()
        time.sleep(0.5)
