"""When a batch is over, and what becomes of attempts that nobody says anything about."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from campaign.calls import ListedCall
from campaign.pace import LATE_SWEEPS
from campaign.states import BatchState
from campaign.words import Outcome, Progress
from store.batches import advancing, totals
from store.batches import views as batches
from store.batches.views import BatchView
from store.planning.draft import PlannedBatch
from tests.store.desk import Desk, listed


def settle(desk: Desk, batch: PlannedBatch) -> BatchState:
    settled = desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=False)
    return settled.state


def look(desk: Desk, batch: PlannedBatch, progress: Progress) -> None:
    desk.ledger.run_sync(advancing.looked, batch.batch_id, progress, desk.now)


def settled(desk: Desk) -> PlannedBatch:
    """A batch whose calls are over, swept once more after its end."""
    batch = desk.placed()
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    look(desk, batch, Progress.COMPLETED)
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    assert settle(desk, batch) is BatchState.SETTLED
    return batch


def test_only_sweeps_after_the_end_prove_that_nothing_is_missing(desk: Desk) -> None:
    batch = desk.placed()
    rows = [listed(call) for call in desk.calls(batch)]
    desk.page(batch, rows)
    desk.page(batch, rows)

    look(desk, batch, Progress.COMPLETED)
    before = settle(desk, batch)
    desk.page(batch, rows)

    assert before is BatchState.COLLECTING
    assert settle(desk, batch) is BatchState.SETTLED


def test_a_batch_short_of_its_providers_total_is_swept_some_more_and_no_longer(
    desk: Desk,
) -> None:
    batch = desk.placed()
    rows = [listed(call) for call in desk.calls(batch)]
    desk.page(batch, rows)
    now = desk.now
    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.COMPLETED, now, total=4)

    states: list[BatchState] = []
    for _ in range(totals.ROUNDS):
        desk.page(batch, rows)
        states.append(settle(desk, batch))

    assert states == [BatchState.COLLECTING] * 3 + [BatchState.SETTLED]
    campaign_id = batch.batch_id.partition("-")[0]
    (short,) = desk.ledger.run_sync(lambda db: list(totals.shortfalls(db, campaign_id)))
    assert (short.total, short.kept) == (4, 3)


def test_a_call_that_shows_late_makes_the_providers_total_good(desk: Desk) -> None:
    batch = desk.placed()
    rows = [listed(call) for call in desk.calls(batch)]
    desk.page(batch, rows[:2], total=3)
    look(desk, batch, Progress.COMPLETED)
    desk.later(hours=1)
    for _ in range(3):
        desk.page(batch, rows[:2], total=3)
    assert settle(desk, batch) is BatchState.COLLECTING

    desk.page(batch, rows, total=3)
    desk.page(batch, rows, total=3)

    assert settle(desk, batch) is BatchState.SETTLED
    assert {one["state"] for one in desk.attempts()} == {"done"}


def test_the_total_of_a_list_of_everything_tells_nothing_of_a_batch(desk: Desk) -> None:
    batch = desk.placed()
    rows = [listed(call) for call in desk.calls(batch)]
    desk.page(batch, rows, own_only=False, total=900)
    look(desk, batch, Progress.COMPLETED)
    desk.page(batch, rows, own_only=False, total=900)

    assert settle(desk, batch) is BatchState.SETTLED


def test_a_sweep_that_was_under_way_at_the_end_proves_nothing(desk: Desk) -> None:
    batch = desk.placed()
    rows = [listed(call) for call in desk.calls(batch)]
    desk.page(batch, rows)
    desk.page(batch, rows, next="page-2")

    look(desk, batch, Progress.COMPLETED)
    desk.page(batch, [])

    assert settle(desk, batch) is BatchState.COLLECTING


def test_a_batch_is_waited_for_as_long_as_news_of_it_come(desk: Desk) -> None:
    batch = desk.placed()
    for call in desk.calls(batch)[:2]:
        desk.later(hours=20)
        desk.page(batch, [listed(call)])

    desk.later(hours=20)
    sweep(desk, batch)
    assert settle(desk, batch) is BatchState.COLLECTING
    desk.later(hours=5)
    sweep(desk, batch)
    assert settle(desk, batch) is BatchState.HELD


def test_a_batch_that_was_planned_long_ago_is_given_its_time_once_it_is_sent(desk: Desk) -> None:
    batch = desk.plan(desk.campaign().id)
    assert batch is not None
    desk.later(days=3)
    desk.submit(batch)

    assert settle(desk, batch) is BatchState.COLLECTING


def under_way(desk: Desk, key: str) -> ListedCall:
    return listed(desk.call(key, Outcome.UNKNOWN, over=False, ended_at=None))


def one_under_way(desk: Desk) -> PlannedBatch:
    """A batch of two: one call is over, and of the other only its beginning was heard."""
    batch = desk.placed(people=2)
    ended, begun = desk.attempts()
    desk.page(batch, [listed(desk.call(ended["key"])), under_way(desk, begun["key"])])
    return batch


def verdicts(desk: Desk) -> list[str]:
    return [row["state"] for row in desk.attempts()]


def test_a_call_that_goes_on_is_waited_for_though_its_batch_is_over(desk: Desk) -> None:
    batch = one_under_way(desk)
    for _ in range(3):
        sweep(desk, batch, Progress.COMPLETED)
        assert settle(desk, batch) is BatchState.COLLECTING
    (begun,) = desk.attempts(state="submitted")

    desk.page(batch, [listed(desk.call(begun["key"]), version=2)])
    sweep(desk, batch, Progress.COMPLETED)

    assert settle(desk, batch) is BatchState.SETTLED
    assert verdicts(desk) == ["done", "done"]


def test_a_call_that_never_ends_is_held_after_a_day_without_a_word(desk: Desk) -> None:
    batch = one_under_way(desk)
    sweep(desk, batch, Progress.COMPLETED)
    desk.later(hours=23)
    before = settle(desk, batch)

    desk.later(hours=1)

    assert before is BatchState.COLLECTING
    assert settle(desk, batch) is BatchState.HELD
    assert verdicts(desk) == ["done", "held"]


def test_a_call_that_goes_on_keeps_nobody_else_waiting(desk: Desk) -> None:
    batch = desk.placed(people=2)
    unheard, begun = desk.attempts()
    desk.page(batch, [under_way(desk, begun["key"])])
    sweep(desk, batch, Progress.COMPLETED)

    assert settle(desk, batch) is BatchState.COLLECTING
    assert unheard["state"] == "submitted"
    assert verdicts(desk) == ["held", "submitted"]


def test_a_call_that_goes_on_in_a_batch_that_we_had_paused_is_held_sooner(desk: Desk) -> None:
    batch = one_under_way(desk)
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    desk.ledger.run_sync(advancing.stopped, batch.batch_id, desk.now)
    sweep(desk, batch, Progress.PAUSED)
    before = settle(desk, batch)
    desk.later(minutes=10)
    sweep(desk, batch, Progress.PAUSED)

    assert before is BatchState.COLLECTING
    assert settle(desk, batch) is BatchState.HELD


def test_a_call_whose_provider_cannot_be_read_any_more_is_held_after_a_day(desk: Desk) -> None:
    batch = one_under_way(desk)
    sweep(desk, batch, Progress.COMPLETED)
    desk.later(hours=24)
    for _ in range(20):
        desk.ledger.run_sync(advancing.failed, batch.batch_id, desk.now, "unreachable")

    assert settle(desk, batch) is BatchState.HELD


@pytest.mark.parametrize("first", ["call-1", "call-2"])
def test_an_attempt_with_two_calls_is_closed_by_the_one_that_is_over(
    first: str, desk: Desk
) -> None:
    batch = desk.placed(people=1)
    (key,) = (row["key"] for row in desk.attempts())
    late = frozenset({"outcome"})
    ended = desk.call(key, Outcome.VOICEMAIL, id="call-1", missing=late)
    stuck = desk.call(key, Outcome.UNKNOWN, id="call-2", over=False, ended_at=None)
    both = [listed(call) for call in (ended, stuck)]
    desk.page(batch, both if first == "call-1" else both[::-1])

    desk.later(days=2)
    sweep(desk, batch)
    settle(desk, batch)

    assert [(row["state"], row["outcome"]) for row in desk.attempts()] == [("done", "voicemail")]


@pytest.mark.parametrize("linked", ["call-1", "call-2"])
def test_an_attempt_with_two_calls_is_open_as_long_as_one_goes_on(linked: str, desk: Desk) -> None:
    batch = desk.placed(people=1)
    (key,) = (row["key"] for row in desk.attempts())
    ended = desk.call(key, Outcome.NO_ANSWER, id="call-1")
    talks = desk.call(key, Outcome.UNKNOWN, id="call-2", over=False, ended_at=None)
    desk.execute("UPDATE attempt SET provider_call_id = :linked", linked=linked)
    desk.page(batch, [listed(talks), listed(ended)])

    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.COMPLETED, desk.now)
    for _ in range(3):
        desk.later(minutes=11)
        desk.page(batch, [listed(talks), listed(ended)])
    settle(desk, batch)

    assert [row["state"] for row in desk.attempts()] == ["submitted"]
    assert desk.plan(desk.campaign(1, "other").id) is None
    desk.page(batch, [listed(desk.call(key, Outcome.VOICEMAIL, id="call-2"), 2)])
    assert [(row["state"], row["outcome"]) for row in desk.attempts()] == [("done", "voicemail")]


def test_a_late_sweep_that_failed_does_not_count_and_is_repeated(desk: Desk) -> None:
    batch = settled(desk)
    desk.later(minutes=15)
    again_at = desk.now + timedelta(minutes=1)
    desk.ledger.run_sync(advancing.failed, batch.batch_id, again_at, "unreachable")

    desk.ledger.run_sync(advancing.swept_late, batch.batch_id)

    assert desk.ledger.run_sync(batches.get, batch.batch_id).late_sweeps == 0
    assert late_sweep_at(desk, batch) == again_at


def test_a_batch_that_is_over_is_swept_again_less_and_less_often(desk: Desk) -> None:
    batch = settled(desk)
    begun, moments = desk.now, list[timedelta]()
    while (due_at := late_sweep_at(desk, batch)) is not None:
        moments.append(due_at - begun)
        desk.now = due_at

    assert moments == list(LATE_SWEEPS)


def late_sweep_at(desk: Desk, batch: PlannedBatch) -> datetime | None:
    return desk.ledger.run_sync(advancing.late_sweep_at, batch.batch_id, desk.now)


def test_a_batch_whose_provider_never_says_complete_ends_all_the_same(desk: Desk) -> None:
    batch = desk.placed()
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    look(desk, batch, Progress.UNKNOWN)

    before = settle(desk, batch)
    desk.later(hours=25)
    sweep(desk, batch, Progress.UNKNOWN)

    assert before is BatchState.COLLECTING
    assert settle(desk, batch) is BatchState.SETTLED


def stopped(desk: Desk) -> PlannedBatch:
    """A batch at a provider that pauses what is stopped; nothing was heard of its calls yet."""
    batch = desk.placed()
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    desk.ledger.run_sync(advancing.stopped, batch.batch_id, desk.now)
    look(desk, batch, Progress.PAUSED)
    return batch


def sweep(desk: Desk, batch: PlannedBatch, progress: Progress = Progress.RUNNING) -> None:
    """Look at it twice, and through its whole list, which brings nothing new."""
    for _ in range(2):
        look(desk, batch, progress)
        desk.page(batch, [])
        desk.later(minutes=10)


def test_only_whole_sweeps_show_that_a_stop_came_before_the_call(desk: Desk) -> None:
    batch = stopped(desk)
    desk.later(hours=2)
    desk.ledger.run_sync(advancing.failed, batch.batch_id, desk.now, "unreachable")

    unseen = settle(desk, batch), {row["state"] for row in desk.recipients()}
    sweep(desk, batch, Progress.PAUSED)

    assert unseen == (BatchState.COLLECTING, {"open"})
    assert settle(desk, batch) is BatchState.SETTLED
    assert {row["reason"] for row in desk.attempts()} == {"stopped before it was dialled"}
    assert {row["state"] for row in desk.recipients()} == {"ready"}


def test_whom_nobody_could_be_asked_about_is_held_although_the_batch_was_stopped(
    desk: Desk,
) -> None:
    batch = stopped(desk)
    desk.later(hours=30)
    for _ in range(20):
        desk.ledger.run_sync(advancing.failed, batch.batch_id, desk.now, "unreachable")

    assert settle(desk, batch) is BatchState.HELD
    assert {row["state"] for row in desk.recipients()} == {"held"}


def test_whom_a_provider_does_not_list_that_was_over_before_the_stop_is_held(desk: Desk) -> None:
    batch = desk.placed()
    look(desk, batch, Progress.COMPLETED)
    desk.later(minutes=1)
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    desk.ledger.run_sync(advancing.stopped, batch.batch_id, desk.now)
    for _ in range(3):
        desk.page(batch, [])
        desk.later(minutes=10)

    assert settle(desk, batch) is BatchState.HELD
    assert {row["state"] for row in desk.recipients()} == {"held"}


def test_a_pause_between_single_calls_is_not_their_end(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(people=2).id, size=2, submission_size=1)
    assert batch is not None
    first, second = ((tag,) for tag in batch.tags)
    desk.submit(replace(batch, tags=first))
    (row,) = desk.attempts(state="submitted")
    desk.page(batch, [listed(desk.call(row["key"]))])
    desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=True)
    desk.submit(replace(batch, tags=second))
    for _ in range(3):
        desk.later(minutes=10)
        desk.page(batch, [])

    settled = desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=True)

    assert settled.state is BatchState.COLLECTING
    assert settled.tally.held == 0


def test_a_look_that_went_well_ends_the_patience_with_failures(desk: Desk) -> None:
    batch = desk.placed()
    desk.ledger.run_sync(advancing.failed, batch.batch_id, desk.now, "unreachable")
    desk.ledger.run_sync(advancing.collected, batch.batch_id)

    assert desk.ledger.run_sync(batches.get, batch.batch_id).failures == 0


def schedule(desk: Desk, seen: BatchView, due_at: datetime | None) -> datetime | None:
    """End a step that saw the batch as it was; returns when the next is due."""
    run = desk.ledger.run_sync
    run(advancing.schedule, seen, due_at, "waits", stepped_at=desk.now)
    return run(batches.get, seen.id).due_at


def test_a_step_says_when_the_next_is_due(desk: Desk) -> None:
    batch_id = desk.placed().batch_id
    for due_at in (desk.now + timedelta(hours=1), desk.now + timedelta(minutes=1), None, desk.now):
        seen = desk.ledger.run_sync(batches.get, batch_id)
        assert schedule(desk, seen, due_at) == due_at


@pytest.mark.parametrize("due_in", [timedelta(minutes=5), None], ids=["later", "never"])
def test_a_step_puts_off_no_stop_that_was_asked_while_it_was_done(
    due_in: timedelta | None, desk: Desk
) -> None:
    batch_id = desk.placed().batch_id
    seen = desk.ledger.run_sync(batches.get, batch_id)
    asked_at = desk.later(seconds=1)
    desk.ledger.run_sync(advancing.ask_stop_of, batch_id, asked_at)

    due_at = None if due_in is None else desk.now + due_in
    assert schedule(desk, seen, due_at) == asked_at


def test_a_step_puts_off_no_stop_that_was_asked_at_the_moment_it_was_due(desk: Desk) -> None:
    batch_id = desk.placed().batch_id
    due = desk.ledger.run_sync(batches.get, batch_id)
    schedule(desk, due, desk.now)
    seen = desk.ledger.run_sync(batches.get, batch_id)
    desk.ledger.run_sync(advancing.ask_stop_of, batch_id, desk.now)

    assert schedule(desk, seen, desk.now + timedelta(minutes=5)) == desk.now


def test_whatever_made_a_look_come_sooner_while_a_step_was_done_is_heeded(desk: Desk) -> None:
    batch_id = desk.placed().batch_id
    seen = desk.ledger.run_sync(batches.get, batch_id)
    sooner, earliest = desk.now + timedelta(minutes=2), desk.now + timedelta(minutes=1)
    schedule(desk, seen, sooner)

    assert schedule(desk, seen, desk.now + timedelta(hours=1)) == sooner
    assert schedule(desk, seen, None) == sooner
    assert schedule(desk, seen, earliest) == earliest
