"""An expired campaign calls nobody, says so of everybody who is left, and closes its books."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.faults.rules import Rule
from simulator.faults.status import Status
from tests.calling.people import COLUMNS, Row, american
from tests.calling.scene import Scene, play

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)
"""A Wednesday, noon in Chicago."""


def illinois(count: int) -> list[Row]:
    """People who all behave in a way of their own, by the last digits of their numbers."""
    blank = dict.fromkeys(COLUMNS, "")
    return [
        blank
        | {"phone_number": american("312", no), "first_name": f"Person {no}", "consent": "written"}
        for no in range(count)
    ]


def scene(api: str, over_after: timedelta, **changes: Any) -> Scene:
    policy = {
        "calling_windows": "any_hour",
        "max_attempts": 5,
        "min_gap": "1h",
        "retry_on": ["no_answer", "busy", "voicemail"],
        "expires_at": (NOON + over_after).isoformat(),
    }
    return Scene(api=api, people=illinois(4), policy=policy, start=NOON, **changes)


APIS = ("vogent", "bland", "vapi", "happyrobot", "vocode")


@pytest.mark.parametrize("api", APIS)
async def test_whoever_would_be_called_again_after_the_end_has_expired(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    played = await play(scene(api, timedelta(minutes=90)), tmp_path, sqlite_ledger)

    assert played.complaints == []
    assert len(played.rings) > len(played.scene.people)
    assert played.books == "4 listed: 1 reached, 3 expired"
    assert not played.problems


@pytest.mark.parametrize("api", ["bland", "vapi"])
async def test_a_start_in_the_future_is_judged_by_the_instant_of_the_start(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    guarded = scene(api, timedelta(minutes=5), limits={"start_guard": "10m"})

    played = await play(guarded, tmp_path, sqlite_ledger)

    assert played.rings == []
    assert played.books == "4 listed: 4 expired"


async def test_a_start_that_is_refused_until_the_end_is_not_repeated_after_it(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    unavailable = Rule(routes=["start"], fault=Status(status=503), count=8)

    played = await play(
        scene("vogent", timedelta(minutes=15), faults=[unavailable]), tmp_path, sqlite_ledger
    )

    assert played.rings == []
    assert played.books == "4 listed: 4 expired"
    assert not played.problems
