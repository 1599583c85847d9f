"""A ledger that is an older copy of itself, put back from a backup: nobody is rung again."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from campaign.states import CampaignState, SubmissionState
from campaign.tags import tag_prefix
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from store import campaigns
from store.batches import advancing
from store.batches import views as batches
from store.decisions import holding, incidents
from store.ledger import Ledger
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.runtime import Runtime, lend
from tests.flows.campaigns import APIS
from tests.protocol import driver
from tests.protocol.test_failover import CHANGES, refuses
from tests.protocol.test_surplus import ANN, BATCHED, ONCE, held, of
from tests.protocol.truth import provider_of
from tests.protocol.world import World, begin

AGENT = "0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10"

SLOWLY = {"concurrency": 1, "batch_size": 4}


def rings(world: World) -> int:
    return len(provider_of(world.simulator.stage).rings)


def times_rung(world: World) -> set[int]:
    """How often each number was rung."""
    rung = provider_of(world.simulator.stage).rings
    return set(Counter(ring.call.number for ring in rung).values())


def state_of(world: World, campaign_id: str) -> CampaignState:
    with Ledger.open(world.place.database_url) as ledger:
        return ledger.run_sync(campaigns.get, campaign_id).state


def file_of(world: World) -> Path:
    return Path(world.place.database_url.removeprefix("sqlite:///"))


def copy(ledger: Path, backup: Path) -> None:
    with closing(sqlite3.connect(ledger)) as live, closing(sqlite3.connect(backup)) as to:
        live.backup(to)


def put_back(backup: Path, ledger: Path) -> None:
    for left in (f"{ledger}-wal", f"{ledger}-shm"):
        Path(left).unlink(missing_ok=True)
    shutil.copyfile(backup, ledger)


async def run_from_a_backup(world: World, backup: Path, when: str) -> str:
    """Run the campaign, put back the copy that was made at a point of its way, and run it again."""
    ledger = file_of(world)

    def keep(point: str) -> None:
        if point == when and not backup.exists():
            copy(ledger, backup)

    async with world.runtime(keep) as runtime:
        await driver.run(runtime, world.file)
    put_back(backup, ledger)
    async with world.runtime() as runtime:
        return await driver.run(runtime, world.file, resumes=3)


@pytest.mark.parametrize("api", APIS)
async def test_a_ledger_that_was_restored_from_before_a_submit_dials_nobody_again(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger) as world:
        campaign_id = await run_from_a_backup(world, tmp_path / "backup.db", "after plan_batch")

        assert rings(world) == 6
        assert state_of(world, campaign_id) is CampaignState.NEEDS_ATTENTION


async def test_once_a_person_has_looked_a_restored_ledger_goes_on(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    def vouch(db: Connection, now: datetime) -> None:
        (one,) = db.execute(text("SELECT id FROM incident")).scalars()
        incidents.resolve(db, one, actor="Ann", reason="they want a second call", now=now)

    with begin("vogent", tmp_path, sqlite_ledger) as world:
        await run_from_a_backup(world, tmp_path / "backup.db", "after finish_import")
        before = rings(world)
        async with world.runtime() as runtime:
            await runtime.ledger.run(vouch, runtime.clock.now())
            await driver.run(runtime, world.file)

        assert before == 6
        assert rings(world) == 12


async def test_who_has_looked_vouches_for_what_was_shown_and_for_nothing_later(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    def elsewhere(number: int) -> None:
        """Another copy of the ledger has a batch created."""
        body: dict[str, object] = {
            "name": f"x#{tag_prefix(campaign_id)}{number}-1-0",
            "callAgentId": AGENT,
            "maxConcurrentDials": 1,
            "rows": [{"toNumber": "+13125550199"}],
        }
        url = f"{world.simulator.base_urls['vogent']}/batch_dial_jobs"
        key = {"Authorization": "Bearer test-key"}
        httpx.post(url, headers=key, json=body).raise_for_status()

    def resolve_all(db: Connection, now: datetime) -> int:
        found = incidents.unresolved(db, campaign_id)
        for one in found:
            incidents.resolve(db, one.id, actor="Ann", reason="that was us", now=now)
        return len(found)

    with begin("vogent", tmp_path, sqlite_ledger) as world:
        async with world.runtime() as runtime:
            campaign_id = await driver.enroll(runtime, world.file)
        for number in (80, 90):
            elsewhere(number)
            async with world.runtime() as runtime:
                await driver.run(runtime, world.file, resumes=3)
                assert rings(world) == 0
                assert await runtime.ledger.run(resolve_all, runtime.clock.now()) == 1
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file, resumes=3)

        assert rings(world) == 6


async def run_again(world: World, backup: Path) -> None:
    """Put the backup back, and have a person let the campaign go on as often as it asks."""
    put_back(backup, file_of(world))
    async with world.runtime() as runtime:
        await driver.run(runtime, world.file, resumes=3)


async def planned_once(runtime: Runtime, world: World) -> tuple[str, str]:
    """Enroll, plan one batch and make one step for it; its campaign and itself."""
    campaign_id = await driver.enroll(runtime, world.file)
    (batch_id,) = await planning.plan_wave(runtime, campaign_id, 1, policy_of)
    await driver.one_step(runtime, batch_id)
    return campaign_id, batch_id


async def rung_once(world: World, runtime: Runtime, batch_id: str) -> None:
    """Go on with a batch until the first telephone rings."""
    for _ in range(100):
        if rings(world):
            return
        await driver.one_step(runtime, batch_id)
        await runtime.clock.sleep(timedelta(seconds=10))
    raise AssertionError("nobody is rung")


async def started_since(world: World, runtime: Runtime, backup: Path) -> tuple[str, str]:
    """Keep a backup while a job waits for its start, and go on until it rings somebody."""
    world.storm([Rule(routes=["start"], fault=Status(status=503))])
    campaign_id, batch_id = await planned_once(runtime, world)
    copy(file_of(world), backup)
    world.calm()
    await rung_once(world, runtime, batch_id)
    return campaign_id, batch_id


@pytest.mark.parametrize("api", APIS)
async def test_what_waited_after_a_429_and_was_sent_since_is_adopted_and_not_sent_again(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    backup = tmp_path / "backup.db"
    with begin(api, tmp_path, sqlite_ledger, people=3, policy=ONCE) as world:
        world.storm([Rule(routes=["submit"], fault=Status(status=429), count=1)])
        async with world.runtime() as runtime, lend(runtime):
            campaign_id, _ = await planned_once(runtime, world)
            copy(file_of(world), backup)
            await driver.drive(runtime, campaign_id)
        await run_again(world, backup)

        assert rings(world) == 3
        assert times_rung(world) == {1}


async def test_whom_another_provider_of_the_split_called_since_is_asked_about(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    backup = tmp_path / "backup.db"
    with begin("vogent", tmp_path, sqlite_ledger, people=8, **CHANGES) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            copy(file_of(world), backup)
            world.storm([refuses("vogent")])
            await driver.drive(runtime, campaign_id)
        world.calm()
        await run_again(world, backup)

        assert state_of(world, campaign_id) is CampaignState.NEEDS_ATTENTION
        assert rings(world) == 8
        assert times_rung(world) == {1}


async def test_a_job_that_was_started_and_stopped_since_is_not_started_again(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    backup = tmp_path / "backup.db"
    with begin("vogent", tmp_path, sqlite_ledger, people=4, policy=ONCE, limits=SLOWLY) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id, batch_id = await started_since(world, runtime, backup)
            await runtime.ledger.run(advancing.ask_stop_of, batch_id, runtime.clock.now())
            await driver.drive(runtime, campaign_id, 3)
        before = rings(world)
        await run_again(world, backup)

        assert before == 4
        assert rings(world) == 4
        assert times_rung(world) == {1}


async def test_whoever_a_campaign_that_was_cancelled_since_left_uncalled_is_held(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    backup = tmp_path / "backup.db"
    with begin("vogent", tmp_path, sqlite_ledger, people=4, policy=ONCE, limits=SLOWLY) as world:
        async with world.runtime() as runtime, lend(runtime):
            campaign_id, batch_id = await started_since(world, runtime, backup)
            await driver.cancel_to_the_end(runtime, campaign_id)
        before = rings(world)
        await run_again(world, backup)

        assert before < 4
        assert rings(world) == before
        with Ledger.open(world.place.database_url) as ledger:
            assert ledger.run_sync(batches.tally, batch_id).held == 4 - before


@pytest.mark.parametrize("later", [False, True], ids=["the same runner", "another runner"])
@pytest.mark.parametrize("api", ["bland", "vapi", "vapi-call", "happyrobot", "vocode"])
async def test_what_a_person_vouched_for_and_the_provider_shows_by_now_is_adopted_instead(
    api: str, *, later: bool, tmp_path: Path, sqlite_ledger: str
) -> None:
    limits = BATCHED | {"start_guard": "0s"}
    with begin(api, tmp_path, sqlite_ledger, people=3, policy=ONCE, limits=limits) as world:
        async with held(world) as (runtime, campaign_id, batch_id, (tag, *_)):
            await runtime.clock.sleep(timedelta(minutes=90))
            world.calm()
            vouch = holding.confirm_not_placed
            assert await runtime.ledger.run(vouch, tag, ANN, runtime.clock.now())
            if not later:
                await driver.drive(runtime, campaign_id)
        async with world.runtime() as runtime, lend(runtime):
            await driver.drive(runtime, campaign_id)
            states = {one.state for one in await of(runtime, batch_id)}

        assert states == {SubmissionState.ACCEPTED}
        assert rings(world) == 3
        assert times_rung(world) == {1}
