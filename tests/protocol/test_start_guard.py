"""A start set ahead of time counts wherever people are judged: when planned as when sent."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import lend
from tests.protocol import driver
from tests.protocol.world import begin

QUARTER_TO_FOUR = datetime(2026, 11, 17, 20, 46, 30, tzinfo=UTC)
"""In New York, a quarter of an hour before the window closes."""
OFFICE = {
    "calling_windows": {"default": {"days": "mon-fri", "hours": "09:00-16:00"}, "margin": "0s"},
    "require_consent": "never",
    "max_attempts": 1,
}


async def test_nobody_is_planned_whom_the_provider_would_call_after_the_window(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    # By default Bland is told to begin ten minutes after a batch is sent.
    people = [{"phone_number": f"+12125550{n}", "first_name": "Ada"} for n in range(100, 130)]
    limits = {"concurrency": 2, "open_batches": 1, "batch_size": 30}
    with begin(
        "bland",
        tmp_path,
        sqlite_ledger,
        start=QUARTER_TO_FOUR,
        people=people,
        policy=OFFICE,
        limits=limits,
    ) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            planned = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
            for batch_id in planned:
                await driver.one_step(runtime, batch_id)
            with runtime.ledger.reading() as db:
                states = list(db.scalars(text("SELECT DISTINCT state FROM attempt")))

    assert planned
    assert states == ["submitted"]
