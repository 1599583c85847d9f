"""What is due for a batch now."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from campaign.states import BatchState, CampaignState, SubmissionState
from store.batches import views as batches
from store.batches.reach import Reach, reach
from store.batches.views import BatchView, Tally
from store.submissions import claiming, surplus
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tasks.steps import stopping, submitting
from tasks.steps.policy import Policy
from tasks.steps.resting import idle
from tasks.steps.runtime import Runtime

IN_DOUBT = (SubmissionState.UNKNOWN, SubmissionState.HELD)


class Verb(StrEnum):
    """A step, in the order in which steps are done."""

    STOP = "stop"
    FIND = "find"
    SUBMIT = "submit"
    START = "start"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What to do for a batch now, and when to come back."""

    batch_id: str
    campaign_id: str
    state: BatchState
    verbs: tuple[Verb, ...]
    due_at: datetime | None
    """Come back then; None: nothing is due any more."""
    waits: bool
    """That is in the future, so there is nothing to do at all."""
    over: bool
    """Nobody needs to wait for it."""
    reach: Reach = frozenset()
    """What a stop would have reached before the step; known only of what is to be stopped."""
    stop_failed: bool = False
    """A stop was tried in this step, and said when to try again."""


async def provider_of(runtime: Runtime, batch_id: str) -> str:
    """Return the name of a batch's provider. Raises `LookupError`."""
    return (await runtime.ledger.run(batches.get, batch_id)).provider


async def unstarted(runtime: Runtime, batch_id: str) -> bool:
    """Whether something was created at the provider and waits for its start."""
    counted = await runtime.ledger.run(batches.tally, batch_id)
    return counted.unstarted_submissions > 0


async def after_stop(runtime: Runtime, due: Agenda) -> Agenda:
    """Note in an agenda how the stop went that has just been tried."""
    batch = await runtime.ledger.run(batches.get, due.batch_id)
    later = batch.due_at is not None and batch.due_at > runtime.clock.now()
    return replace(due, stop_failed=batch.failures > 0 and later)


async def look_up(runtime: Runtime, batch_id: str, policy: Policy) -> Agenda:
    """Take over what a dead runner left of this batch, then say what is due."""
    now = runtime.clock.now()
    runner = runtime.runner
    await runtime.ledger.run(
        claiming.recover, now, runner.is_dead, batch_id, is_alive=runner.is_alive
    )
    await stopping.ask_if_closing(runtime, batch_id)
    due = await runtime.ledger.run(_agenda, batch_id, now, policy)
    if Verb.SUBMIT in due.verbs and not await submitting.has_room(runtime, batch_id):
        others = tuple(verb for verb in due.verbs if verb is not Verb.SUBMIT)
        return replace(due, verbs=others)
    return due


def _agenda(db: Connection, batch_id: str, now: datetime, policy: Policy) -> Agenda:
    batch = batches.get(db, batch_id)
    counted = batches.tally(db, batch_id)
    waits = batch.due_at is not None and batch.due_at > now
    verbs = () if waits else _verbs(db, batch, counted, now, policy)
    return Agenda(
        batch_id=batch_id,
        campaign_id=batch.campaign_id,
        state=batch.state,
        verbs=verbs,
        due_at=batch.due_at,
        waits=waits,
        over=batch.state.over or idle(db, batch, counted, now),
        reach=frozenset() if waits or batch.stop_asked_at is None else reach(db, batch_id),
    )


def _verbs(
    db: Connection, batch: BatchView, counted: Tally, now: datetime, policy: Policy
) -> tuple[Verb, ...]:
    running = batch.campaign_state is CampaignState.RUNNING and batch.stop_asked_at is None
    to_dial = counted.planned_submissions + counted.unstarted_submissions
    surplus_at = surplus.next_due(db, batch.id)
    first_look = batch.created_at + min(policy.first_look, batch.spec.polling.max)
    wanted = {
        Verb.STOP: batch.stop_asked_at is not None and (batch.stopped_at is None or to_dial > 0),
        Verb.FIND: bool(looked_for(db, batch.id, now))
        or (surplus_at is not None and surplus_at <= now),
        Verb.SUBMIT: running and counted.planned_submissions > 0,
        Verb.START: running and counted.unstarted_submissions > 0,
        Verb.COLLECT: counted.dialling_submissions > 0
        and (now >= first_look or batch.state is BatchState.COLLECTING),
    }
    return tuple(verb for verb in Verb if wanted[verb])


def looked_for(db: Connection, batch_id: str, now: datetime) -> list[SubmissionView]:
    """The submissions of a batch to be looked up now: in doubt, sent twice, or in vain."""
    found = submissions.of_batch(db, batch_id, (*IN_DOUBT, *submissions.DECIDED))
    return [one for one in found if _to_be_found(one, now)]


def _to_be_found(submission: SubmissionView, now: datetime) -> bool:
    if submission.due_at is None:
        return submission.state in IN_DOUBT
    unstarted = submission.state is SubmissionState.ACCEPTED and submission.started_at is None
    return submission.due_at <= now and not unstarted
