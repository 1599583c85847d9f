"""Look after one batch: do what is due, settle, come back when something is due again.

Whoever orders the steps (a flow, the sweeper, a test) passes the way in which it does one.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from campaign.states import BatchState
from tasks.steps import agenda, settling
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
    if not due.waits:
        await settling.settle(runtime, batch_id, policy)
    return due


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
            now = runtime.clock.now()
            pause = _WHILE_NOTHING_IS_DUE if due.due_at is None else due.due_at - now
            await runtime.clock.sleep(pause)
