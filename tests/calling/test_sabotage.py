"""The usual mistakes, each made in one function of ours: the oracle must find every one."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from phonenumbers import timezone

from campaign.rules import windows, zones
from campaign.rules.caps import PastDial, RollingCap
from store import suppressions
from tests.calling.people import COLUMNS, Row, abroad, american
from tests.calling.scene import Scene, play

OPEN = {"default": {"days": "daily", "hours": "09:00-20:00"}}
NOON_IN_CHICAGO = datetime(2026, 11, 18, 18, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """A mistake, and a scene in which it shows."""

    where: Any
    function: str
    mistake: Callable[..., Any]
    scene: Scene
    complaint: str


def person(number: str, **told: str) -> Row:
    return (
        dict.fromkeys(COLUMNS, "")
        | {"phone_number": number, "first_name": "Ada", "consent": "written"}
        | told
    )


def scene(row: Row, start: datetime, calling_windows: Any = OPEN, **changes: Any) -> Scene:
    policy = {"calling_windows": calling_windows} | changes.pop("policy", {})
    return Scene(
        api=changes.pop("api", "vogent"), people=[row], policy=policy, start=start, **changes
    )


def geographic_zones(prefix: str, *, nanp: bool) -> tuple[str, ...]:
    number = phonenumbers.parse(f"+{prefix}0100" if nanp else prefix)
    return tuple(timezone.time_zones_for_geographical_number(number))


def unchanged_offset(
    clock: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[windows.Span, timedelta]]:
    """Every day has 24 hours."""
    offset = start.astimezone(clock).utcoffset()
    assert offset is not None
    yield windows.Span(start, end), offset


def passed_over(_text: str) -> None:
    """An own zone that cannot be read is as good as none."""


def gap(cap: RollingCap, history: Iterable[PastDial]) -> datetime | None:
    """Three a day is one every eight hours."""
    times = [past.at for past in history]
    return max(times) + cap.per / cap.calls if times else None


def at_import_only(*_arguments: object) -> frozenset[str]:
    return frozenset()


SABOTAGES = {
    "the zone of the number's area and no other": Sabotage(
        where=zones,
        function="_number_zones",
        mistake=geographic_zones,
        # Half past nine in Sydney is half past six in Perth.
        scene=scene(person(abroad("AU mobile", 0)), datetime(2026, 11, 17, 22, 30, tzinfo=UTC)),
        complaint="closed in Australia/Perth",
    ),
    "a day of 24 hours": Sabotage(
        where=windows,
        function="_offsets",
        mistake=unchanged_offset,
        # The Sunday on which clocks were turned back in the night.
        scene=scene(
            person(american("312", 0)),
            datetime(2026, 11, 1, 20, tzinfo=UTC),
            {"default": {"days": "mon-fri", "hours": "09:00-20:00"}},
        ),
        complaint="closed in America/Chicago",
    ),
    "a zone that cannot be read is passed over": Sabotage(
        where=zones,
        function="_of_own",
        mistake=passed_over,
        scene=scene(person(american("312", 0), timezone="EST"), NOON_IN_CHICAGO),
        complaint="nobody knows which clock counts",
    ),
    "a cap taken for a gap": Sabotage(
        where=RollingCap,
        function="free_from",
        mistake=gap,
        scene=scene(
            person(american("312", 2)),
            NOON_IN_CHICAGO,
            "any_hour",
            policy={"caps": [{"calls": 3, "per": "24h"}], "min_gap": "5m"},
            earlier={"calling_windows": "any_hour", "max_attempts": 3, "min_gap": "5m"},
        ),
        complaint="more than 3 rings",
    ),
    "suppression looked at when the list is read, and not again": Sabotage(
        where=suppressions,
        function="among",
        mistake=at_import_only,
        scene=scene(
            person(american("312", 0)),
            NOON_IN_CHICAGO,
            suppress={american("312", 0): "before mark_start"},
        ),
        complaint="suppressed before",
    ),
}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Generator[None]:
    """What was worked out with a mistake must not outlive it."""
    forget()
    yield
    forget()


def forget() -> None:
    for known in vars(zones).values():
        if hasattr(known, "cache_clear"):
            known.cache_clear()
    windows.local_hours.cache_clear()


@pytest.mark.parametrize("name", SABOTAGES)
async def test_the_oracle_is_content_with_what_we_do(
    name: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    played = await play(SABOTAGES[name].scene, tmp_path, sqlite_ledger)

    assert played.complaints == []


@pytest.mark.parametrize("name", SABOTAGES)
async def test_the_oracle_finds_the_mistake(
    name: str, tmp_path: Path, sqlite_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage = SABOTAGES[name]
    monkeypatch.setattr(sabotage.where, sabotage.function, sabotage.mistake)

    played = await play(sabotage.scene, tmp_path, sqlite_ledger)

    assert any(sabotage.complaint in said for said in played.complaints), played.complaints
