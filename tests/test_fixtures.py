import asyncio
import fcntl
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.fixtures.loopback import LeftTheMachine
from tests.fixtures.session import FOLDER

ELSEWHERE = "192.0.2.1"  # TEST-NET-1, RFC 5737: belongs to nobody.
ROOT = Path(__file__).parent.parent


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(LeftTheMachine):
        outward.connect((ELSEWHERE, 443))


async def test_an_async_connection_to_another_machine_is_refused() -> None:
    with pytest.raises(LeftTheMachine):
        await asyncio.open_connection(ELSEWHERE, 443)


def test_looking_up_a_name_elsewhere_is_refused() -> None:
    with pytest.raises(LeftTheMachine):
        socket.create_connection(("api.example.com", 443))


def test_a_connection_on_this_machine_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        with socket.create_connection(address) as client:
            assert client.getpeername() == address


def test_no_key_of_the_developer_is_within_reach() -> None:
    assert [name for name in os.environ if name.endswith("_API_KEY")] == []


@pytest.mark.parametrize("again", [1, 2])
def test_every_test_gets_a_database_of_its_own_that_is_empty(database_url: str, again: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []

        connection.execute(text("CREATE TABLE mark (id INTEGER)"))
    engine.dispose()


def test_the_database_is_of_the_kind_that_was_asked_for(
    sqlite_database_url: str, postgres_database_url: str
) -> None:
    engines = [create_engine(url) for url in (sqlite_database_url, postgres_database_url)]

    assert [engine.dialect.name for engine in engines] == ["sqlite", "postgresql"]


def test_the_prefect_server_is_the_session_s_own(prefect_api: str) -> None:
    from prefect.settings import get_current_settings

    assert prefect_api == os.environ["PREFECT_API_URL"] == get_current_settings().api.url
    assert httpx.get(f"{prefect_api}/health").is_success


async def test_an_async_flow_runs_to_its_end_on_that_server(prefect_api: str) -> None:
    from prefect import flow, get_client, task
    from prefect.runtime import flow_run
    from prefect.settings import get_current_settings

    @task
    async def double(number: int) -> int:
        return 2 * number

    @flow
    async def quadruple(number: int) -> tuple[int, str | None]:
        assert get_current_settings().flows.heartbeat_frequency is None
        return await double(await double(number)), flow_run.get_id()

    answer, run_id = await quadruple(3)

    async with get_client() as client:
        stored = await client.read_flow_run(UUID(run_id))
    assert answer == 12
    assert stored.state is not None
    assert stored.state.is_completed()


INNER_TEST = """
import sys

def test_serve(session):
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    log = session.serve("sleeper", [sys.executable, "-c", program])
    print("LOG", log, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_no_server_outlives_its_session(tmp_path: Path, *, killed: bool) -> None:
    inner = tmp_path / "test_inner.py"
    inner.write_text(INNER_TEST)
    plugin = [
        "-p",
        "tests.fixtures.session",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "-c",
        os.devnull,
    ]
    environment = {name: value for name, value in os.environ.items() if name != FOLDER}
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", *plugin, "--rootdir", tmp_path, inner],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as session:
        assert session.stdout is not None
        log = next(Path(line.split()[-1]) for line in session.stdout if "LOG" in line)
        sleeper = int(first_line(log))
        os.kill(sleeper, 0)  # It runs; otherwise this raises.

        if killed:
            session.kill()
        else:
            session.communicate()
        wait_until_unlocked(log.with_suffix(".ended"))

    with pytest.raises(ProcessLookupError):
        os.kill(sleeper, 0)
    assert log.parent.exists() == killed


def first_line(log: Path) -> str:
    deadline = time.monotonic() + 30
    while not (lines := log.read_text().splitlines()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return lines[0]


def wait_until_unlocked(path: Path) -> None:
    """Wait until the leash is gone; nobody holds a file that is removed."""
    deadline = time.monotonic() + 30
    while path.exists() and time.monotonic() < deadline:
        with suppress(BlockingIOError, FileNotFoundError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.01)
    assert not path.exists()


GROUPED_TESTS = """
import os
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_grouped(number):
    with open(os.environ["WORKERS_FILE"], "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_tests_of_a_group_share_a_worker_and_so_their_servers(tmp_path: Path) -> None:
    inner, workers = tmp_path / "test_inner.py", tmp_path / "workers"
    inner.write_text(GROUPED_TESTS)
    options = ["-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider", "-p", "no:asyncio"]

    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", os.devnull, "--rootdir", tmp_path, inner],
        check=True,
        cwd=tmp_path,
        env=os.environ | {"WORKERS_FILE": str(workers)},
        stdout=subprocess.DEVNULL,
    )

    assert len(workers.read_text().split()) == 8
    assert len(set(workers.read_text().split())) == 1
