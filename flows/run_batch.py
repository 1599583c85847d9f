"""One batch: submit, look until it is over, bring its calls home, settle."""

from prefect import flow

from flows.waiting import Waiting
from tasks.progress import publish
from tasks.registry import tasks_of
from tasks.steps import advancing, agenda
from tasks.steps.agenda import Agenda, Verb
from tasks.steps.runtime import Runtime, open_runtime


@flow(name="run-batch", flow_run_name="batch {batch_id}")
async def run_batch(batch_id: str, waiting: Waiting = Waiting.HERE) -> str:
    """Look after a batch until nobody needs to wait for it; returns its state.

    May be killed anywhere and run again, by anyone: every step starts from the ledger. Suspended:
    submit and start, and leave the rest to `resume-campaigns`.
    """
    async with open_runtime() as runtime:
        leave = waiting is Waiting.SUSPENDED

        async def once() -> Agenda:
            return await advance(runtime, batch_id, patient=not leave)

        return await advancing.look_after(runtime, once, leave_when_idle=leave)


async def advance(runtime: Runtime, batch_id: str, *, patient: bool = False) -> Agenda:
    """Do what is due for a batch, each step in a task of its provider; returns the agenda done.

    patient: stay with a batch that is being collected until it is over or something else is due.
    """
    provider = await agenda.provider_of(runtime, batch_id)
    tasks = tasks_of(provider)

    async def do(verb: Verb) -> None:
        step = "watch" if patient and verb is Verb.COLLECT else verb.value
        await getattr(tasks, step)(batch_id)

    due = await advancing.advance(runtime, batch_id, tasks.POLICY, do)
    if due.verbs:
        await publish(runtime, due.campaign_id)
    return due
