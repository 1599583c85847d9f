"""Random campaigns, at the instants at which clocks and calendars are tricky."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.calling.people import people
from tests.calling.scene import Scene

TRICKY = (
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Europe turns its clocks back.
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York does.
    datetime(2026, 11, 26, 5, tzinfo=UTC),  # Thanksgiving begins there.
    datetime(2026, 12, 25, 5, tzinfo=UTC),
    datetime(2027, 1, 1, 0, tzinfo=UTC),
    datetime(2027, 3, 14, 7, tzinfo=UTC),  # New York turns its clocks forward.
    datetime(2027, 3, 28, 1, tzinfo=UTC),  # Europe does.
    datetime(2027, 4, 3, 16, tzinfo=UTC),  # Sydney turns them back.
    datetime(2027, 7, 24, 6, tzinfo=UTC),  # Pioneer Day, in Utah alone.
    datetime(2027, 8, 9, 4, tzinfo=UTC),  # Victory Day, in Rhode Island alone.
)
NATIVE = ("vogent", "bland", "vapi")
APIS = (*NATIVE, "happyrobot", "vocode")

_HOURS = st.sampled_from(["09:00-20:00", "00:00-24:00", "18:00-24:00", "08:30-12:00;19:00-21:00"])
_DAYS = st.sampled_from(["mon-fri", "daily", "sat-sun"])


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Within a day before something tricky, or a few hours after it."""
    return draw(st.sampled_from(TRICKY)) + timedelta(minutes=draw(st.integers(-26 * 60, 6 * 60)))


@st.composite
def windows(draw: st.DrawFn, start: datetime) -> dict[str, Any]:
    """Hours, places, holidays and blackouts of a campaign."""
    said: dict[str, Any] = {
        "default": {"days": draw(_DAYS), "hours": draw(_HOURS)},
        "purpose": draw(st.sampled_from(["marketing", "informational", "debt_collection"])),
        "holidays": draw(st.booleans()),
        "zone_mode": draw(st.sampled_from(["number", "number", "strict_us"])),
        "jurisdiction": draw(st.sampled_from([None, None, "US", "GB"])),
        "rules": [own_rule("SE")] if draw(st.booleans()) else [],
    }
    if draw(st.booleans()):
        said["weekends"] = {
            "days": draw(st.sampled_from(["sat", "sat-sun"])),
            "hours": draw(_HOURS),
        }
    if draw(st.booleans()):
        begins = start + timedelta(hours=draw(st.integers(-5, 30)))
        said["blackouts"] = [
            {
                "start": begins.isoformat(),
                "end": (begins + timedelta(hours=draw(st.integers(1, 20)))).isoformat(),
                "jurisdiction": draw(st.sampled_from([None, "US", "US-FL", "GB", "US-CA"])),
            }
        ]
    return said


def own_rule(place: str) -> Mapping[str, Any]:
    """An operator's own rule for a place."""
    return {
        "place": place,
        "windows": [{"days": "daily", "hours": "10:00-18:00"}],
        "source": "a test",
        "as_of": "2026-10-01",
    }


@st.composite
def policies(draw: st.DrawFn, start: datetime) -> dict[str, Any]:
    """Who may be called when and how often."""
    tries = draw(st.integers(1, 3))
    said: dict[str, Any] = {
        "calling_windows": draw(windows(start)),
        "max_attempts": tries,
        "min_gap": draw(st.sampled_from(["5m", "1h", "23h"])),
        "gap_growth": draw(st.sampled_from([1.0, 2.0])),
        "vary_hours": draw(st.booleans()),
        "retry_on": ["no_answer", "busy", "voicemail", "failed"],
        "caps": draw(st.sampled_from([[], [], [{"calls": 2, "per": "24h"}]])),
        "expires_at": (start + timedelta(hours=draw(st.sampled_from([20, 50, 110])))).isoformat(),
    }
    return said


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A campaign over any provider."""
    start = draw(instants())
    rows = draw(people())
    threatened = draw(st.lists(st.sampled_from(rows), max_size=2, unique_by=str))
    points = ("before plan_batch", "before mark_wire", "after claim", "after accept")
    return Scene(
        api=draw(st.sampled_from(APIS)),
        people=rows,
        policy=draw(policies(start)),
        start=start,
        limits={} if draw(st.booleans()) else {"start_guard": "0s"},
        suppress={row["phone_number"]: draw(st.sampled_from(points)) for row in threatened},
    )
