"""What a stop reached, and what turned up since and is to be stopped yet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaign.calls import Call, Found
from campaign.words import Outcome, Progress
from store.batches import advancing, reach
from store.batches import views as batches
from store.batches.reach import Reach
from store.batches.views import BatchView
from store.planning.draft import PlannedBatch
from store.submissions import adopting, starting
from tests.store.desk import Desk, listed


def begun(desk: Desk) -> PlannedBatch:
    """A batch of single calls for two people, of whom the answer names only the first."""
    batch = desk.plan(desk.campaign(people=2).id)
    assert batch is not None
    first, _ = desk.attempts(batch_id=batch.batch_id)
    desk.submit(batch, {first["key"]: "first"})
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    return batch


def asked(desk: Desk, batch: PlannedBatch) -> Reach:
    return desk.ledger.run_sync(reach.to_stop, batch.batch_id).reach


def stop(desk: Desk, batch: PlannedBatch, reached: Reach | None = None) -> None:
    desk.ledger.run_sync(advancing.stopped, batch.batch_id, desk.now, reached)


def seen(desk: Desk, batch: PlannedBatch) -> BatchView:
    return desk.ledger.run_sync(batches.get, batch.batch_id)


def to_stop(desk: Desk, batch: PlannedBatch) -> set[str]:
    reference = desk.ledger.run_sync(reach.to_stop, batch.batch_id).reference
    return set() if reference is None else set(reference.open_calls)


def exchange(desk: Desk, batch: PlannedBatch, waiting: Found, dialling: Found) -> None:
    (tag,) = batch.tags
    found = [waiting, dialling]
    desk.ledger.run_sync(adopting.found_again, tag, found, desk.now, two_phase=False)


def test_a_batch_that_counts_only_since_the_stop_is_to_be_stopped(desk: Desk) -> None:
    batch = begun(desk)
    (tag,) = batch.tags
    stop(desk, batch, asked(desk, batch))
    before = seen(desk, batch).stopped_at
    desk.later(minutes=30)

    waits = Found(provider_batch_id=f"at-provider-{tag}", dialling=False)
    exchange(desk, batch, waits, Found(provider_batch_id="other", dialling=True))

    assert before is not None
    assert seen(desk, batch).stopped_at is None
    assert seen(desk, batch).due_at == desk.now


def test_a_look_that_exchanges_nothing_asks_no_stop_again(desk: Desk) -> None:
    batch = begun(desk)
    (tag,) = batch.tags
    stop(desk, batch, asked(desk, batch))

    dials = Found(provider_batch_id=f"at-provider-{tag}", dialling=True)
    exchange(desk, batch, Found(provider_batch_id="other", dialling=False), dials)

    assert seen(desk, batch).stopped_at is not None


def test_what_is_accepted_while_a_stop_is_under_way_was_not_stopped(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(people=2).id, size=2, submission_size=1)
    assert batch is not None
    first, second = (replace(batch, tags=(tag,)) for tag in batch.tags)
    desk.submit(first)
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    reached = asked(desk, batch)
    desk.submit(second)

    stop(desk, batch, reached)
    missed = seen(desk, batch).stopped_at
    stop(desk, batch, asked(desk, batch))

    assert missed is None
    assert seen(desk, batch).stopped_at == desk.now


def test_a_start_that_ends_while_a_stop_is_under_way_may_have_come_after_it(desk: Desk) -> None:
    batch = begun(desk)
    (tag,) = batch.tags
    reached = asked(desk, batch)
    desk.ledger.run_sync(starting.started, tag, desk.now)

    stop(desk, batch, reached)

    assert seen(desk, batch).stopped_at is None


def test_a_call_that_ends_while_a_stop_is_under_way_does_not_bring_it_back(desk: Desk) -> None:
    batch = begun(desk)
    reached = asked(desk, batch)
    first, _ = desk.attempts(batch_id=batch.batch_id)
    desk.page(batch, [listed(desk.call(first["key"], id="first"))])

    stop(desk, batch, reached)

    assert seen(desk, batch).stopped_at == desk.now


def test_a_stop_leaves_a_doubt_to_be_stopped_when_it_turns_up(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(people=1).id)
    assert batch is not None
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)

    stop(desk, batch, asked(desk, batch))

    assert seen(desk, batch).stopped_at is None


def under_way(desk: Desk, key: str, call_id: str, **changes: Any) -> Call:
    said: dict[str, Any] = {"id": call_id, "over": False, "started_at": None, "ended_at": None}
    return desk.call(key, Outcome.UNKNOWN, **(said | changes))


def test_a_call_that_is_listed_only_after_the_stop_is_to_be_stopped_once(desk: Desk) -> None:
    batch = begun(desk)
    _, key = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    before = to_stop(desk, batch)
    stop(desk, batch, asked(desk, batch))
    desk.later(minutes=1)
    desk.page(batch, [listed(under_way(desk, key, "second"))])
    turned_up, calls = seen(desk, batch), to_stop(desk, batch)
    stop(desk, batch, asked(desk, batch))
    stopped_at = desk.now

    desk.later(minutes=1)
    ringing = under_way(desk, key, "second", started_at=desk.now)
    desk.page(batch, [listed(ringing, version=2)])

    assert (before, calls) == ({"first"}, {"first", "second"})
    assert (turned_up.stopped_at, turned_up.due_at) == (None, stopped_at)
    assert seen(desk, batch).stopped_at == stopped_at


def test_a_call_that_the_answer_named_was_stopped_before_it_was_listed(desk: Desk) -> None:
    batch = begun(desk)
    key, _ = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    stop(desk, batch, asked(desk, batch))

    desk.page(batch, [listed(under_way(desk, key, "first"))])

    assert seen(desk, batch).stopped_at is not None


def test_a_call_that_is_listed_after_the_stop_of_a_whole_batch_was_stopped_with_it(
    desk: Desk,
) -> None:
    batch = begun(desk)
    _, key = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.RUNNING, desk.now)
    stop(desk, batch, asked(desk, batch))

    desk.page(batch, [listed(under_way(desk, key, "second"))])

    assert seen(desk, batch).stopped_at is not None


def test_a_second_call_of_one_attempt_is_stopped_with_the_first(desk: Desk) -> None:
    batch = begun(desk)
    key, _ = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    stop(desk, batch, asked(desk, batch))

    desk.page(batch, [listed(under_way(desk, key, "once-more"))])

    assert seen(desk, batch).stopped_at is None
    assert to_stop(desk, batch) == {"first", "once-more"}


def test_a_call_that_turns_up_of_whoever_is_held_is_to_be_stopped(desk: Desk) -> None:
    batch = begun(desk)
    stop(desk, batch, asked(desk, batch))
    _, attempt = desk.attempts(batch_id=batch.batch_id)
    desk.execute("UPDATE attempt SET state = 'held' WHERE key = :key", key=attempt["key"])

    desk.page(batch, [listed(under_way(desk, attempt["key"], "second"))])

    assert seen(desk, batch).stopped_at is None
    assert to_stop(desk, batch) == {"first", "second"}


@pytest.mark.parametrize("named", [True, False])
def test_only_a_call_that_the_stop_could_name_is_known_not_to_be_dialled(
    desk: Desk, *, named: bool
) -> None:
    batch = desk.plan(desk.campaign(people=1).id)
    assert batch is not None
    (attempt,) = desk.attempts(batch_id=batch.batch_id)
    desk.submit(batch, {attempt["key"]: "first"} if named else {})
    starts_at = desk.now + timedelta(minutes=5)
    desk.execute("UPDATE submission SET start_at = :at", at=starts_at.isoformat())
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    stop(desk, batch, asked(desk, batch))
    desk.later(hours=25)
    for _ in range(4):
        desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=True)
        desk.page(batch, [])
        desk.later(hours=1)
    desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=True)

    (attempt,) = desk.attempts(batch_id=batch.batch_id)
    assert attempt["state"] == ("failed" if named else "held")
