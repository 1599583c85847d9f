"""A cap is about rings, and a provider may let a call wait for hours after it took it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.dialects.bland.settings import BlandSettings
from simulator.dialects.happyrobot.settings import HappyRobotSettings
from simulator.dialects.vapi.settings import VapiSettings
from simulator.dialects.vocode.settings import VocodeSettings
from simulator.dialects.vogent.settings import VogentSettings
from simulator.people import People
from simulator.settings import SimulatorSettings
from store.planning import candidates
from tests.calling.people import COLUMNS, Row, american
from tests.calling.scene import Played, Scene, play
from tests.proofs import at_length

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)
APIS = ("vogent", "bland", "bland-v1", "vapi", "vapi-call", "happyrobot", "vocode")
TALKERS = 5
NOBODY_HOME = american("312", 2)
ONE_IN_THREE_HOURS = [{"calls": 1, "per": "3h"}]
ONE_LINE = SimulatorSettings(
    people=People(mode="script", talk_seconds=(1200, 1500)),
    bland=BlandSettings(lines=1),
    happyrobot=HappyRobotSettings(lines=1),
    vapi=VapiSettings(lines=1, over_capacity="wait", give_up_after=None),
    vocode=VocodeSettings(lines=1),
    vogent=VogentSettings(lines=1, over_concurrency="clamp"),
)
"""Whoever is last in the list waits for an hour or so until the others have talked."""


def person(number: str) -> Row:
    return dict.fromkeys(COLUMNS, "") | {"phone_number": number, "first_name": "Ada"}


def queue(api: str, **changes: Any) -> Scene:
    """Five people who talk for twenty minutes each, and behind them one who is not at home."""
    talkers = [person(american("312", 20 + no)) for no in range(TALKERS)]
    policy = {
        "calling_windows": "any_hour",
        "min_gap": "5m",
        "max_attempts": 2,
        "retry_on": ["no_answer"],
        "caps": ONE_IN_THREE_HOURS,
    }
    return Scene(
        api=api,
        people=[*talkers, person(NOBODY_HOME)],
        policy=policy,
        start=NOON,
        settings=ONE_LINE,
        # A campaign at Vapi must not ask for more lines than there are.
        limits={"start_guard": "0s", "concurrency": 1 if api == "vapi" else 50},
        **changes,
    )


def again_by_another_campaign(api: str) -> Scene:
    """The same people once more, by a campaign that begins as soon as the first has ended."""
    return queue(api, earlier={"calling_windows": "any_hour"})


def from_the_wire_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: a call counts from when it was sent."""
    right = candidates._past

    def wrong(attempt: Any, campaign_id: str | None, now: datetime) -> Any:
        sent: datetime = attempt.dialled_at
        past = right(attempt, campaign_id, now)
        return type(past)(sent, past.outcome, sent, past.this_campaign, past.refused)

    monkeypatch.setattr(candidates, "_past", wrong)


def waited(played: Played) -> timedelta:
    """How long the last of the queue did."""
    return min(ring.at for ring in played.rings if ring.number == NOBODY_HOME) - NOON


@pytest.mark.parametrize("api", at_length(APIS))
async def test_whoever_rang_late_is_called_again_late(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    played = await play(queue(api), tmp_path, sqlite_ledger)

    assert waited(played) > timedelta(minutes=40)
    assert Counter(ring.number for ring in played.rings)[NOBODY_HOME] == 2
    assert played.complaints == []
    assert not played.problems


@pytest.mark.parametrize("api", at_length(["vogent", "bland", "happyrobot"]))
async def test_another_campaign_counts_from_the_ring_too(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    played = await play(again_by_another_campaign(api), tmp_path, sqlite_ledger)

    assert min(Counter(ring.number for ring in played.rings).values()) > 1
    assert played.complaints == []
    assert not played.problems


@pytest.mark.parametrize(
    "scene",
    [
        queue("vogent"),
        queue("vapi"),
        again_by_another_campaign("bland"),
    ],
    ids=lambda scene: scene.api,
)
async def test_the_oracle_sees_a_cap_that_is_counted_from_the_wire_mark(
    scene: Scene, tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_the_wire_mark(monkeypatch)

    played = await play(scene, tmp_path, sqlite_ledger)

    assert any("more than 1 rings in 3:00:00" in said for said in played.complaints)
