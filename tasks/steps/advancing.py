"""Look after one batch: do what is due, settle, come back when something is due again.

Whoever orders the steps (a flow, the sweeper, a test) passes the way in which it does one.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from campaign.states import BatchState
from tasks.steps import agenda, collecting, settling
from tasks.steps.agenda import Agenda, Verb
from tasks.steps.policy import Policy
from tasks.steps.runtime import Runtime

Do = Callable[[Verb], Awaitable[None]]
"""Does one step of a batch."""

_WHILE_NOTHING_IS_DUE = timedelta(seconds=30)


async def advance(runtime: Runtime, batch_id: str, policy: Policy, do: Do) -> Agenda:
    """Do what is due for a batch now; returns the agenda that was worked off."""
    due = await agenda.look_up(runtime, batch_id, policy)
    for verb in due.verbs:
        await do(verb)
        if verb is Verb.STOP:
            due = await agenda.after_stop(runtime, due)
        if verb is Verb.SUBMIT and await agenda.unstarted(runtime, batch_id):
            # What was created is started in the same go: nobody has rung yet.
            await do(Verb.START)
    if not due.waits:
        await settling.settle(runtime, batch_id, policy, due)
    return due


async def watch(runtime: Runtime, batch_id: str, policy: Policy) -> None:
    """Look at a batch and bring its calls home, again and again until something else is due.

    So that hours of looking are one task, and not thousands.
    """
    due = await agenda.look_up(runtime, batch_id, policy)
    while True:
        await collecting.poll(runtime, batch_id)
        await collecting.collect(runtime, batch_id, policy)
        await settling.settle(runtime, batch_id, policy, due)
        due = await agenda.look_up(runtime, batch_id, policy)
        while due.waits and not due.over:
            await runtime.clock.sleep(_until(runtime, due))
            due = await agenda.look_up(runtime, batch_id, policy)
        if due.over or due.verbs != (Verb.COLLECT,):
            return


async def look_after(
    runtime: Runtime, once: Callable[[], Awaitable[Agenda]], *, leave_when_idle: bool = False
) -> BatchState:
    """Advance a batch by `once` until nobody needs to wait for it; returns its state.

    `leave_when_idle`: only until nothing is due at the moment.
    """
    while True:
        due = await once()
        if due.over or (leave_when_idle and not due.verbs):
            return due.state
        if not due.verbs:
            await runtime.clock.sleep(_until(runtime, due))


def _until(runtime: Runtime, due: Agenda) -> timedelta:
    """Until the next step; not for too long, as a campaign may be paused or stopped meanwhile."""
    if due.due_at is None:
        return _WHILE_NOTHING_IS_DUE
    return min(due.due_at - runtime.clock.now(), _WHILE_NOTHING_IS_DUE)
