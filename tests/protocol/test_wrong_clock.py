"""The clock of a runner's machine jumps in the middle of a campaign, and is set right later."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from providers.throttle import Throttle
from store.runners import Runner, locks_of
from tasks.steps.runtime import Runtime
from tests.flows.campaigns import APIS
from tests.proofs import at_length
from tests.protocol import driver, rest
from tests.protocol.clock import RunnerClock, SharedTime
from tests.protocol.invariants import violations
from tests.protocol.points import WatchedLedger
from tests.protocol.world import World, begin

TEN_MINUTES = timedelta(minutes=10)
WRONG_FOR = timedelta(minutes=20)
ONE_AFTER_THE_OTHER = {"concurrency": 3, "batch_size": 3, "open_batches": 1, "start_guard": "0s"}


class JumpingClock(RunnerClock):
    """Is wrong by `jump` for a while, from when it is told."""

    def __init__(self, time: SharedTime, jump: timedelta) -> None:
        super().__init__(time)
        self._jump = jump
        self.jumped = False
        self.wrong_from = self.right_again = datetime.max.replace(tzinfo=UTC)

    def begin(self) -> None:
        self.jumped = True
        self.wrong_from = super().now()
        self.right_again = self.wrong_from + WRONG_FOR

    def now(self) -> datetime:
        moment = super().now()
        return moment + self._jump if self.wrong_from <= moment < self.right_again else moment


@asynccontextmanager
async def runner(world: World, clock: JumpingClock, when: str) -> AsyncGenerator[Runtime]:
    """A runner whose clock jumps when it first comes by a point."""

    def at(point: str) -> None:
        if point == when and not clock.jumped:
            clock.begin()

    world.wire.throttle = Throttle(clock)
    world.watched._at = at
    async with WatchedLedger.open(world.place.database_url) as ledger:
        with Runner(locks_of(ledger.engine)) as one:
            yield Runtime(ledger, one, clock, world.watched.connect)


@pytest.mark.parametrize("jump", [-TEN_MINUTES, TEN_MINUTES], ids=["back", "ahead"])
@pytest.mark.parametrize("api", at_length(APIS))
async def test_a_clock_that_jumps_sends_nothing_until_it_is_right_again(
    api: str, jump: timedelta, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger, limits=ONE_AFTER_THE_OTHER) as world:
        clock = JumpingClock(world.time, jump)
        async with runner(world, clock, "got page") as runtime:
            await driver.run(runtime, world.file)
        case = await rest.after_the_storm(world)

    wrong, right = clock.wrong_from.timestamp(), clock.right_again.timestamp()
    asked = [one.at for one in case.provider.dialling_requests]
    assert any(at < wrong for at in asked)
    assert [at for at in asked if wrong < at < right] == []
    assert any(at > right for at in asked)
    assert len(case.provider.rings) == 6
    assert violations(case) == []
