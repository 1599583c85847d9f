"""A window holds until the last call of a batch has begun, however slow the lines are."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.dialects.bland.settings import BlandSettings
from simulator.people import People
from simulator.settings import SimulatorSettings
from tasks.steps import stopping
from tests.calling.people import COLUMNS, Row, american
from tests.calling.scene import Scene, play
from tests.proofs import at_length

HALF_PAST_SEVEN = datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
"""In the evening, in Chicago; half an hour later the window closes."""
EVENING = {"calling_windows": {"default": {"days": "daily", "hours": "09:00-20:00"}}}
LONG_CALLS = SimulatorSettings(
    people=People(mode="script", talk_seconds=(900, 1500), script={"06": [], "07": []}),
    bland=BlandSettings(lines=3),
)
"""Each takes some twenty minutes, where three are expected."""
LATER = {
    "vogent": "10 reached",
    # It says of the last one that the call failed, which this campaign does not call again after.
    "vapi": "9 reached, 1 not reached",
    # It listed their calls as waiting, and then no more: nobody knows whether they rang.
    "bland": "6 reached, 4 held",
    "bland-v1": "6 reached, 4 held",
}
"""What becomes of those whose turn did not come on the first evening."""
APIS = ("vogent", "bland", "bland-v1", "vapi")


def talkative(count: int) -> list[Row]:
    """People who pick up, and talk."""
    return [
        dict.fromkeys(COLUMNS, "")
        | {"phone_number": american("312", 20 + no), "first_name": "Ada", "consent": "written"}
        for no in range(count)
    ]


def slow(api: str, **limits: Any) -> Scene:
    """Three lines for ten people."""
    said = {"concurrency": 3, "open_batches": 1, "batch_size": 10, "start_guard": "0s"} | limits
    return Scene(
        api=api,
        people=talkative(10),
        policy=EVENING,
        start=HALF_PAST_SEVEN,
        settings=LONG_CALLS,
        limits=said,
    )


@pytest.mark.parametrize("api", at_length(APIS, quick=2))
async def test_no_call_of_a_slow_batch_begins_when_the_window_has_closed(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    played = await play(slow(api), tmp_path, sqlite_ledger)

    rung = Counter(ring.number for ring in played.rings)
    assert played.complaints == []
    assert max(rung.values()) == 1
    assert played.books == f"10 listed: {LATER[api]}"


@pytest.mark.parametrize("api", ["vogent", "bland"])
async def test_the_oracle_sees_a_batch_that_nobody_stops(
    api: str, tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_arguments: object) -> None:
        """The window was looked at when the batch was sent, and not again."""

    monkeypatch.setattr(stopping, "ask_if_closing", nothing)

    played = await play(slow(api), tmp_path, sqlite_ledger)

    assert any("closed in America/Chicago" in said for said in played.complaints)


@pytest.mark.parametrize("api", at_length(APIS, quick=2))
async def test_a_batch_is_as_large_as_can_be_called_before_the_window_closes(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    expected = slow(api, call_length="20m")

    played = await play(expected, tmp_path, sqlite_ledger)

    assert played.complaints == []
    # Nobody's turn had not come when the window closed, so that nobody is in doubt.
    assert played.books == "10 listed: 10 reached"
