"""One batch: submit, look until it is over, bring its calls home, settle."""

from datetime import timedelta

from prefect import flow

from flows.waiting import Waiting
from tasks.progress import publish
from tasks.registry import tasks_of
from tasks.steps import agenda, settling
from tasks.steps.agenda import Agenda
from tasks.steps.runtime import Runtime, open_runtime

_WHILE_NOTHING_IS_DUE = timedelta(seconds=30)


@flow(name="run-batch", flow_run_name="batch {batch_id}")
async def run_batch(batch_id: str, waiting: Waiting = Waiting.HERE) -> str:
    """Look after a batch until nobody needs to wait for it; returns its state.

    May be killed anywhere and run again, by anyone: every step starts from the ledger. Suspended:
    submit and start, and leave the rest to `resume-campaigns`.
    """
    async with open_runtime() as runtime:
        while True:
            due = await advance(runtime, batch_id)
            if due.over or (waiting is Waiting.SUSPENDED and not due.verbs):
                return due.state
            if not due.verbs:
                pause = _WHILE_NOTHING_IS_DUE
                if due.due_at is not None:
                    pause = due.due_at - runtime.clock.now()
                await runtime.clock.sleep(pause)


async def advance(runtime: Runtime, batch_id: str) -> Agenda:
    """Do what is due for a batch, each step in a task of its provider; returns the agenda done."""
    provider = await agenda.provider_of(runtime, batch_id)
    tasks = tasks_of(provider)
    due = await agenda.look_up(runtime, batch_id, tasks.POLICY)
    for verb in due.verbs:
        await getattr(tasks, verb)(batch_id)
    if due.verbs:
        await settling.settle(runtime, batch_id, tasks.POLICY)
        await publish(runtime, due.campaign_id)
    return due
