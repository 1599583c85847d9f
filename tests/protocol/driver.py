"""A whole campaign by its steps, without Prefect: as the flows order them, one after the other."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from campaign.states import CampaignState
from store import books, campaigns
from store.batches import views as batches
from store.books import Books
from store.database.columns import table_of
from store.decisions import cancelling
from store.tables import Batch
from tasks.registry import policy_of, tasks_of
from tasks.steps import agenda, closing, enrolling, listing, planning, sweeping
from tasks.steps.advancing import advance
from tasks.steps.agenda import Agenda, Verb
from tasks.steps.runtime import Runtime, lend

_BATCH = table_of(Batch)

STEPS_AT_MOST = 3000
"""Of one campaign: more is a loop that gets nowhere."""
_A_MINUTE = timedelta(minutes=1)
LATE = timedelta(hours=2, minutes=15)
"""Long enough for two late sweeps, and for whatever takes effect late in these tests."""


async def run(runtime: Runtime, file: Path, *, resumes: int = 10) -> str:
    """Run a campaign file until nobody is due and nothing is open; returns the campaign's id.

    Whenever the campaign asks for attention, an operator looks and lets it go on, `resumes` times.
    """
    async with lend(runtime):
        campaign_id = await enroll(runtime, file)
        await drive(runtime, campaign_id, resumes)
        await closing.close_books(runtime, campaign_id)
        return campaign_id


async def enroll(runtime: Runtime, file: Path) -> str:
    """Bring a campaign and its list into the ledger; returns its id."""
    enrolled = await enrolling.enroll(
        runtime, form=None, name=None, file=str(file), flow_run_id=None
    )
    if not await runtime.ledger.run(_imported, enrolled.id):
        await listing.import_recipients(runtime, enrolled.id, None, strict=True)
    return enrolled.id


async def begin_calling(runtime: Runtime, file: Path) -> str:
    """Hand one batch over; returns the campaign's id."""
    campaign_id = await enroll(runtime, file)
    for batch_id in await planning.plan_wave(runtime, campaign_id, 1, policy_of):
        await one_step(runtime, batch_id)
    return campaign_id


async def cancel(runtime: Runtime, campaign_id: str) -> None:
    """As `outdial cancel` does."""
    now = runtime.clock.now()

    def ask(db: Connection) -> None:
        cancelling.ask(db, campaign_id, actor="ops", reason="a test", now=now)

    await runtime.ledger.run(ask)
    await runtime.ledger.run(cancelling.finish, campaign_id, now)


async def cancel_to_the_end(runtime: Runtime, campaign_id: str) -> tuple[CampaignState, timedelta]:
    """Cancel, and go on until nothing is left to do; returns how it ended, and how long it took."""
    cancelled_at = runtime.clock.now()
    await cancel(runtime, campaign_id)
    await drive(runtime, campaign_id)
    await closing.close_books(runtime, campaign_id)
    ended = await runtime.ledger.run(campaigns.get, campaign_id)
    return ended.state, runtime.clock.now() - cancelled_at


async def come_back_later(runtime: Runtime, how_long: timedelta = LATE) -> None:
    """Do what the scheduled sweeper does, as long as something becomes due within `how_long`."""
    async with lend(runtime):
        end = runtime.clock.now() + how_long
        for _ in range(STEPS_AT_MOST):
            for campaign_id in await sweeping.cancelling(runtime):
                await sweeping.finish_cancel(runtime, campaign_id)
            await sweeping.recover(runtime)
            due = await sweeping.due_batches(runtime)
            for batch_id in due:
                await one_step(runtime, batch_id)
            due_at = await runtime.ledger.run(_next_due)
            if due_at is None or due_at > end:
                return
            # What a flow run might look after is the sweeper's only when it is overdue.
            pause = due_at - runtime.clock.now()
            await runtime.clock.sleep(pause if due else max(pause, _A_MINUTE))
        raise AssertionError("the sweeper gets nowhere")


async def one_step(runtime: Runtime, batch_id: str) -> Agenda:
    """Advance a batch by the tasks of its provider, called as plain functions."""
    tasks = tasks_of(await agenda.provider_of(runtime, batch_id))

    async def do(verb: Verb) -> None:
        await getattr(tasks, verb).fn(batch_id)

    return await advance(runtime, batch_id, tasks.POLICY, do)


async def balance(runtime: Runtime, campaign_id: str) -> Books:
    """Count what became of everybody."""
    return await runtime.ledger.run(books.books, campaign_id)


async def drive(runtime: Runtime, campaign_id: str, resumes: int = 0) -> None:
    """Go on with a campaign until nothing is due that somebody waits for."""
    for _ in range(STEPS_AT_MOST):
        resumes -= await _let_go_on(runtime, campaign_id, may=resumes > 0)
        worked, again_at = await _round(runtime, campaign_id)
        if worked:
            continue
        if again_at is None:
            return
        await runtime.clock.sleep(again_at - runtime.clock.now())
    raise AssertionError("the campaign gets nowhere")


async def drive_all(crew: Sequence[tuple[Runtime, str]]) -> None:
    """Run campaigns that are enrolled, each by its own runner, step about."""
    for _ in range(STEPS_AT_MOST):
        rounds = list[tuple[bool, datetime | None]]()
        for runtime, campaign_id in crew:
            async with lend(runtime):
                await _let_go_on(runtime, campaign_id, may=True)
                rounds.append(await _round(runtime, campaign_id))
        if any(worked for worked, _ in rounds):
            continue
        again_at = min((moment for _, moment in rounds if moment is not None), default=None)
        if again_at is None:
            return
        clock = crew[0][0].clock
        await clock.sleep(again_at - clock.now())
    raise AssertionError("the campaigns get nowhere")


async def _round(runtime: Runtime, campaign_id: str) -> tuple[bool, datetime | None]:
    """Do what is due for a campaign; returns whether anything was, or when something will be."""
    room = await sweeping.room(runtime, campaign_id)
    if room > 0 and await planning.anybody_due(runtime, campaign_id):
        await planning.plan_wave(runtime, campaign_id, room, policy_of)
    due = [await one_step(runtime, one) for one in await planning.unfinished(runtime, campaign_id)]
    if any(one.verbs for one in due):
        return True, None
    return False, await _again_at(runtime, campaign_id, due)


async def _let_go_on(runtime: Runtime, campaign_id: str, *, may: bool) -> int:
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    if campaign.state is not CampaignState.NEEDS_ATTENTION or not may:
        return 0
    now = runtime.clock.now()
    await runtime.ledger.run(campaigns.set_state, campaign_id, CampaignState.RUNNING, "", now)
    return 1


async def _again_at(runtime: Runtime, campaign_id: str, due: list[Agenda]) -> datetime | None:
    """When something is due that somebody waits for; None: nothing will be."""
    waited_for = [one.batch_id for one in due if not one.over]
    moments = [(await runtime.ledger.run(batches.get, batch_id)).due_at for batch_id in waited_for]
    if await sweeping.room(runtime, campaign_id) > 0:
        moments.append(await planning.next_due(runtime, campaign_id))
    return min((moment for moment in moments if moment is not None), default=None)


def _imported(db: Connection, campaign_id: str) -> bool:
    return books.books(db, campaign_id).listed > 0


def _next_due(db: Connection) -> datetime | None:
    return db.scalar(select(func.min(_BATCH.c.due_at)))
