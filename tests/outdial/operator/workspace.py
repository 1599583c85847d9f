"""A workspace at Vogent, as somebody sees it who looks at its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from providers.vogent.dials import KEY, TAG
from simulator.clock import VirtualClock
from simulator.server import RunningSimulator

AGENT = {"agent_id": "0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10"}
API_KEY = "test-key"


@dataclass(frozen=True)
class Workspace:
    simulator: RunningSimulator
    clock: VirtualClock

    @property
    def url(self) -> str:
        return self.simulator.base_urls["vogent"]

    def job(self, tag: str, numbers: Mapping[str, str], *, named: str | None = None) -> str:
        """Create a job of some numbers by key, and return its id; `named`: by another tag."""
        body = {
            "name": f"spring#{named or tag}",
            "callAgentId": AGENT["agent_id"],
            "maxConcurrentDials": 5,
            "rows": [
                {"toNumber": number, "inputs": {KEY: key, TAG: tag}}
                for key, number in numbers.items()
            ],
        }
        return self._ask("POST", "batch_dial_jobs", body)["id"]

    def start(self, job_id: str) -> None:
        self._ask("POST", f"batch_dial_jobs/{job_id}/paused", {"paused": False})

    def calls(self, job_id: str) -> dict[str, str]:
        """Let everybody hang up, and return the ids of the calls by key."""
        self.clock.advance(3600)
        rows = self._ask("GET", f"batch_dial_jobs/{job_id}/dials")["data"]
        return {row["inputs"][KEY]: row["id"] for row in rows}

    def break_down(self) -> None:
        """Answer everything with 503 from now on."""
        plan = {"rules": [{"fault": {"kind": "status", "status": 503}}]}
        httpx.put(f"{self.simulator.url}/__faults", json=plan).raise_for_status()

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        answer = httpx.request(method, f"{self.url}/{path}", headers=headers, json=body)
        answer.raise_for_status()
        return answer.json()
