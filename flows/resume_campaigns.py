"""The sweeper: every minute, go on with whatever was left."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State, StateType

from flows.sweep import Sweep
from tasks.steps import sweeping
from tasks.steps.runtime import open_runtime

_PAUSE = timedelta(seconds=1)
_TOLD = 5
"""So much of what broke off is in the message of the run's state."""


@flow(name="resume-campaigns")
async def resume_campaigns(seconds: int = 50) -> State[Any]:
    """Go on with handed over campaigns, with what crashed, and with late results.

    Works for about `seconds`. Takes batches whose step is due: of campaigns that were handed over
    at once, of others when they are overdue, as then nobody looks after them. Plans the next waves
    of handed over campaigns and wakes their flow runs when all is done; puts flow runs of the other
    campaigns back that crashed, and any that never began. Cancels campaigns whose flow run was
    cancelled in Prefect, and brings every cancellation to its end. A campaign or batch that breaks
    off holds up no other one; it is tried again by the next run, and this one is `BrokeOff`. Two
    sweepers at once do no harm.
    """
    async with open_runtime() as runtime:
        sweep = Sweep(runtime)
        await sweep.begin()
        end = runtime.clock.now() + timedelta(seconds=seconds)
        while True:
            worked = await sweep.once()
            if runtime.clock.now() >= end or not await sweeping.anything_open(runtime):
                return _verdict(sweep.broken)
            if not worked:
                await runtime.clock.sleep(_PAUSE)


def _verdict(broken: Mapping[str, str]) -> State[Any]:
    if not broken:
        return State(type=StateType.COMPLETED)
    told = sorted(broken.values())
    more = [f"{len(told) - _TOLD} more, see the log"] if len(told) > _TOLD else []
    return State(type=StateType.FAILED, name="BrokeOff", message="; ".join([*told[:_TOLD], *more]))
