from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TypeAlias

import httpx
import pytest

from simulator.clock import VirtualClock
from simulator.people import People
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings

SCRIPT = SimulatorSettings(people=People(mode="script"))

Simulate: TypeAlias = Callable[..., RunningSimulator]
Client: TypeAlias = Callable[..., httpx.Client]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def simulate(clock: VirtualClock) -> Generator[Simulate]:
    """Start a simulator on the virtual clock, real sockets and all; scripted people by default."""
    with ExitStack() as stack:

        def start(settings: SimulatorSettings = SCRIPT) -> RunningSimulator:
            return stack.enter_context(start_in_thread(settings, clock=clock))

        yield start


@pytest.fixture
def client() -> Generator[Client]:
    """A client of one provider with the headers that it wants."""
    with ExitStack() as stack:

        def connect(
            simulator: RunningSimulator, provider: str, key: str = "test-key"
        ) -> httpx.Client:
            headers = {"authorization": key if provider == "bland" else f"Bearer {key}"}
            base_url = simulator.base_urls[provider]
            return stack.enter_context(httpx.Client(base_url=base_url, headers=headers, timeout=5))

        yield connect
