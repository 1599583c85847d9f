from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
import pytest

from simulator.clock import VirtualClock
from simulator.people import People
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings

SCRIPT = SimulatorSettings(people=People(mode="script"))


@dataclass(frozen=True, slots=True)
class Stand:
    """A simulator behind real sockets, and a client for the routes under `/__`."""

    simulator: RunningSimulator
    control: httpx.Client

    def set_faults(self, *rules: dict[str, Any]) -> None:
        self.control.put("/__faults", json={"rules": rules}).raise_for_status()

    def clear_faults(self) -> None:
        self.control.delete("/__faults").raise_for_status()

    def ledger(self, **query: str) -> dict[str, Any]:
        return self.control.get("/__ledger", params=query).json()

    def stats(self) -> dict[str, Any]:
        return self.control.get("/__stats").json()


Simulate: TypeAlias = Callable[..., Stand]
Client: TypeAlias = Callable[..., httpx.Client]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def _stand() -> Generator[Stand]:
    # One server for all tests: to start and to stop one takes longer than most tests.
    with start_in_thread() as simulator, httpx.Client(base_url=simulator.url) as control:
        yield Stand(simulator, control)


@pytest.fixture
def simulate(_stand: Stand, clock: VirtualClock) -> Simulate:
    """A simulator in a new world on the virtual clock, with scripted people by default."""

    def begin(settings: SimulatorSettings = SCRIPT) -> Stand:
        stage = _stand.simulator.stage
        stage.settings, stage.clock = settings, clock
        stage.reset()
        return _stand

    return begin


@pytest.fixture
def client() -> Generator[Client]:
    """A client of one provider with the headers that it wants."""
    with ExitStack() as stack:

        def connect(stand: Stand, provider: str, key: str = "test-key") -> httpx.Client:
            headers = {"authorization": key if provider == "bland" else f"Bearer {key}"}
            return stack.enter_context(
                httpx.Client(
                    base_url=stand.simulator.base_urls[provider],
                    headers=headers,
                    timeout=5,
                    # To read the certificates of the machine takes longer than most tests.
                    verify=False,  # noqa: S501 - there is no TLS on loopback.
                )
            )

        yield connect
