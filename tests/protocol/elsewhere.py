"""The runner that goes on is on another host: it cannot see whether the killed one is dead."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from campaign.states import SubmissionState
from store.database.columns import table_of
from store.tables import Submission
from tasks.steps import sweeping
from tests.protocol.world import Place, World

_SUBMISSION = table_of(Submission)
_UNDER_WAY = _SUBMISSION.c.state == SubmissionState.INTENT.value


def another_host(place: Place) -> Place:
    """The same place, seen from a host that shares the database and nothing else."""
    return replace(place, locks=place.file.with_name("locks of another host"))


async def lease_runs_out(world: World) -> list[str]:
    """Look after the killed runner's work before its lease is over, then let it be over.

    Returns what was taken over too early: nothing, if all is well.
    """
    async with world.runtime() as runtime:
        before = await runtime.ledger.run(_under_way)
        await sweeping.recover(runtime)
        early = before - await runtime.ledger.run(_under_way)
        await runtime.ledger.run(_let_run_out)
    return [f"{tag} was taken over before its lease had run out" for tag in sorted(early)]


def _under_way(db: Connection) -> set[str]:
    return set(db.scalars(select(_SUBMISSION.c.tag).where(_UNDER_WAY)))


def _let_run_out(db: Connection) -> None:
    # By the clock of the database, which no test can put forward.
    over = func.clock_timestamp() - timedelta(seconds=1)
    db.execute(update(_SUBMISSION).where(_UNDER_WAY).values(lease_until=over))
