"""Plans, submits, lost answers, kills, pauses, people who decide: in every order that chance finds.

`make machine` looks for longer. What it finds is printed as a program of its steps.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from store import books
from store.batches.views import BATCH
from tasks.registry import policy_of
from tasks.steps import closing, planning, sweeping
from tests.flows.campaigns import people
from tests.machine.carrier import Answer, Manners
from tests.machine.judge import complaints, complaints_at_rest
from tests.machine.line import KINDS
from tests.machine.office import Office, write_template
from tests.machine.worker import Mishap, Worker
from tests.protocol import driver
from tests.protocol.world import copy_ledger
from tests.sabotage import sabotages

EXAMPLES = int(os.environ.get("OUTDIAL_TEST_MACHINE_EXAMPLES", "0"))
"""0: few, and the same in every run. `make machine` sets it."""
PROFILE = settings(
    max_examples=EXAMPLES or 4,
    stateful_step_count=50 if EXAMPLES else 20,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=bool(EXAMPLES),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

ROUNDS_AT_MOST = 300
A_MINUTE = timedelta(minutes=1)
which = st.integers(0, 1)
mishaps = st.none() | st.builds(Mishap, st.sampled_from(["dies", "pauses"]), st.integers(1, 30))
moments = st.sampled_from([1, 6, 40, 200, 700, 4000])


class Machine(RuleBasedStateMachine):
    """Two runners at one ledger, two campaigns that share people, one carrier, one operator."""

    def __init__(self, provider: str, template: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="outdial-machine-"))
        self.loop = asyncio.new_event_loop()
        self.office = Office(provider, template, self.folder)

    def do(
        self, index: int, work: Callable[[Worker], Awaitable[object]], mishap: Mishap | None = None
    ) -> None:
        if not self.office.workers[index].paused:
            self.loop.run_until_complete(self.office.do(index, work, mishap))

    def side_by_side(self, work: Callable[[Worker], Awaitable[object]], seed: int) -> None:
        self.loop.run_until_complete(self.office.side_by_side(work, seed))

    @rule(index=which, campaign=which, mishap=mishaps)
    def plan(self, index: int, campaign: int, mishap: Mishap | None) -> None:
        campaign_id = self.office.campaigns[campaign]
        self.do(
            index,
            lambda worker: planning.plan_wave(worker.runtime, campaign_id, 1, policy_of),
            mishap,
        )

    @rule(index=which, batch=st.integers(0, 5), mishap=mishaps)
    def advance(self, index: int, batch: int, mishap: Mishap | None) -> None:
        known = self.batches()
        if known:
            batch_id = known[batch % len(known)]
            self.do(index, lambda worker: driver.one_step(worker.runtime, batch_id), mishap)

    @rule(batch=st.integers(0, 5), seed=st.integers(0, 1000))
    def advance_side_by_side(self, batch: int, seed: int) -> None:
        known = self.batches()
        if known:
            batch_id = known[batch % len(known)]
            self.side_by_side(lambda worker: driver.one_step(worker.runtime, batch_id), seed)

    @rule(index=which, campaign=which)
    def close_the_books(self, index: int, campaign: int) -> None:
        campaign_id = self.office.campaigns[campaign]
        self.do(index, lambda worker: closing.close_books(worker.runtime, campaign_id))

    @rule(index=which)
    def recover(self, index: int) -> None:
        self.do(index, lambda worker: sweeping.recover(worker.runtime))

    @precondition(lambda self: any(worker.paused for worker in self.office.workers))
    @rule(index=which)
    def wake(self, index: int) -> None:
        if self.office.workers[index].paused:
            self.loop.run_until_complete(self.office.wake(index))

    @rule(index=which)
    def kill(self, index: int) -> None:
        self.loop.run_until_complete(self.office.kill(index))

    @rule(seconds=moments)
    def wait(self, seconds: int) -> None:
        self.office.clock.skip(timedelta(seconds=seconds))

    @rule(answers=st.lists(st.sampled_from(Answer), min_size=1, max_size=3))
    def the_carrier_will_answer(self, answers: list[Answer]) -> None:
        self.office.carrier.answers.extend(answers)

    @rule(manners=st.lists(st.sampled_from(Manners), min_size=1, max_size=3))
    def lists_will_be_shown(self, manners: list[Manners]) -> None:
        self.office.carrier.manners.extend(manners)

    @rule(minutes=st.sampled_from([0, 2, 30]))
    def lists_lag(self, minutes: int) -> None:
        self.office.carrier.lag = timedelta(minutes=minutes)

    @rule(person=st.integers(0, 3))
    def suppress(self, person: int) -> None:
        self.office.suppress(people(10)[person]["phone_number"])

    @rule(stop=st.booleans())
    def pause_everything(self, stop: bool) -> None:
        self.office.pause_all() if stop else self.office.resume_all()

    @rule(campaign=which, stop=st.booleans())
    def pause(self, campaign: int, stop: bool) -> None:
        campaign_id = self.office.campaigns[campaign]
        self.office.pause(campaign_id) if stop else self.office.let_go_on(campaign_id)

    @rule(campaign=which, sure=st.integers(0, 3))
    def cancel(self, campaign: int, sure: int) -> None:
        if sure == 0:
            self.office.cancel(self.office.campaigns[campaign])

    @rule(give_up=st.booleans())
    def decide_what_is_held(self, give_up: bool) -> None:
        self.office.decide(give_up=give_up)

    @invariant()
    def nothing_is_as_it_must_not_be(self) -> None:
        office = self.office
        assert complaints(office.engine, office.carrier, office.orders) == []

    def teardown(self) -> None:
        try:
            self.loop.run_until_complete(self.to_rest())
        finally:
            self.go_home()

    def go_home(self) -> None:
        self.loop.run_until_complete(self.office.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    async def to_rest(self) -> None:
        """Let the storm pass, bring everything to its end, judge, and run once more."""
        office = self.office
        office.carrier.be_calm()
        for index, worker in enumerate(office.workers):
            if worker.paused:
                await office.wake(index)
        office.resume_all()
        await office.do(0, self.run_to_the_end, None)
        said = complaints(office.engine, office.carrier, office.orders)
        said += complaints_at_rest(office.engine, office.carrier, office.all_workers)
        said += [problem for one in office.campaigns for problem in self.open_books(one)]
        assert said == []

        asked = office.carrier.asked
        await office.do(1, self.run_to_the_end, None)
        assert office.carrier.asked == asked, "I11: a run that had nothing to do asked to dial"

    async def run_to_the_end(self, worker: Worker) -> None:
        """Both campaigns in turns, as one may wait for a number that the other is calling."""
        for _ in range(ROUNDS_AT_MOST):
            turns = [await self.turn(worker, one) for one in self.office.campaigns]
            moments = [again_at for _, again_at in turns if again_at is not None]
            if not any(busy for busy, _ in turns):
                self.office.decide(give_up=True)
                if not moments:
                    break
                pause = min(moments) - worker.runtime.clock.now()
                await worker.runtime.clock.sleep(max(pause, A_MINUTE))
        else:
            raise AssertionError("the campaigns get nowhere")
        for campaign_id in self.office.campaigns:
            await closing.close_books(worker.runtime, campaign_id)
        await driver.come_back_later(worker.runtime, timedelta(minutes=20))

    async def turn(self, worker: Worker, campaign_id: str) -> tuple[bool, datetime | None]:
        """Do what is due for a campaign; returns whether anything was, and when to come again."""
        runtime = worker.runtime
        self.office.let_go_on(campaign_id)
        if await planning.anybody_due(runtime, campaign_id):
            await planning.plan_wave(runtime, campaign_id, 1, policy_of)
        steps = [
            await driver.one_step(runtime, one)
            for one in await planning.unfinished(runtime, campaign_id)
        ]
        busy = any(step.verbs for step in steps)
        return busy, await driver._again_at(runtime, campaign_id, steps)

    def open_books(self, campaign_id: str) -> list[str]:
        counted = self.office.run(books.books, campaign_id)
        return [] if counted.closes else [f"I7: {counted.in_words}"]

    def batches(self) -> list[str]:
        with self.office.engine.connect() as db:
            return list(db.scalars(select(BATCH.c.id).order_by(BATCH.c.created_at, BATCH.c.id)))


@pytest.mark.parametrize("provider", KINDS)
def test_whatever_happens_in_whatever_order(
    provider: str, empty_ledger: Path, tmp_path: Path
) -> None:
    template = template_of(provider, empty_ledger, tmp_path)

    class OfProvider(Machine):
        def __init__(self) -> None:
            super().__init__(provider, template)

    run_state_machine_as_test(OfProvider, settings=PROFILE)


def template_of(provider: str, empty_ledger: Path, folder: Path) -> Path:
    write_template(provider, copy_ledger(empty_ledger, folder))
    return folder / "ledger.db"


def test_the_machine_sees_that_a_look_up_which_found_nothing_is_taken_for_proof(
    empty_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine("bland", template_of("bland", empty_ledger, tmp_path))
    sabotages.resubmitted_on_a_miss(monkeypatch)
    machine.lists_lag(30)
    machine.the_carrier_will_answer([Answer.LOST])
    machine.plan(0, 0, None)
    for _ in range(8):
        machine.advance(0, 0, None)
        machine.wait(200)

    with pytest.raises(AssertionError, match="I1"):
        machine.nothing_is_as_it_must_not_be()

    machine.go_home()


def test_the_machine_sees_that_nothing_was_marked(
    empty_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine("bland", template_of("bland", empty_ledger, tmp_path))
    sabotages.no_wire_mark(monkeypatch)
    machine.plan(0, 0, None)
    machine.advance(0, 0, None)

    with pytest.raises(AssertionError, match="I3"):
        machine.nothing_is_as_it_must_not_be()

    machine.go_home()


@pytest.mark.parametrize("nth", [3, 14])
def test_the_machine_lets_a_runner_die_anywhere_and_another_go_on(
    nth: int, empty_ledger: Path, tmp_path: Path
) -> None:
    machine = Machine("vocode", template_of("vocode", empty_ledger, tmp_path))
    machine.plan(0, 0, None)
    machine.advance(0, 0, Mishap("dies", nth))

    assert machine.office._gone != []
    machine.teardown()
