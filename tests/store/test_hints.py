"""A hint makes a look come sooner, and does nothing else."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from store import hints
from store.batches import advancing
from store.batches.views import get
from store.planning.draft import PlannedBatch
from store.submissions import doubting, timing
from tests.store.desk import Desk, listed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def found(desk: Desk, provider: str = "vogent", **ids: set[str]) -> list[str]:
    nothing: set[str] = set()
    said = {"batches": nothing, "calls": nothing, "names": nothing} | ids
    return desk.ledger.run_sync(hints.batches_of, provider, **said)


def due(desk: Desk, batch: PlannedBatch, after: timedelta) -> None:
    """The batch has just been looked at, and is to be looked at again."""
    seen, due_at = desk.ledger.run_sync(get, batch.batch_id), desk.now + after
    desk.ledger.run_sync(advancing.schedule, seen, due_at, "waits", stepped_at=desk.now)


def hint(desk: Desk, batch: PlannedBatch) -> bool:
    return desk.ledger.run_sync(hints.look_sooner, batch.batch_id, desk.now)


def due_in(desk: Desk, batch: PlannedBatch) -> timedelta | None:
    with desk.ledger.reading() as db:
        at = get(db, batch.batch_id).due_at
    return at and at - desk.now


def test_a_batch_is_found_by_whatever_names_it(desk: Desk) -> None:
    batch = desk.placed(people=2)
    other = desk.placed(people=2, name="autumn", first=10)
    attempt, _ = desk.attempts(batch_id=batch.batch_id)
    call, _ = desk.calls(batch)
    desk.page(batch, [listed(call)])
    mine = [batch.batch_id]

    assert found(desk, batches={f"at-provider-{batch.tags[0]}", "foreign"}) == mine
    assert found(desk, names={batch.tags[0]}) == mine
    assert found(desk, names={attempt["key"]}) == mine
    assert found(desk, calls={call.id}) == mine
    assert found(desk, calls={call.id}, names={other.tags[0]}) == sorted([*mine, other.batch_id])


def test_a_call_is_known_by_the_answer_to_its_submission_before_it_is_listed(desk: Desk) -> None:
    campaign = desk.campaign(people=1)
    batch = desk.plan(campaign.id)
    assert batch is not None
    [attempt] = desk.attempts(batch_id=batch.batch_id)
    desk.submit(batch, {attempt["key"]: "call-7"})

    assert found(desk, calls={"call-7"}) == [batch.batch_id]


def test_another_providers_ids_and_unknown_ones_find_nothing(desk: Desk) -> None:
    batch = desk.placed(people=1)
    [call] = desk.calls(batch)
    desk.page(batch, [listed(call)])

    assert found(desk, "bland", calls={call.id}, names={batch.tags[0]}) == []
    assert found(desk, calls={"?"}, batches={"?"}, names={"?"}) == []
    assert found(desk) == []


def test_a_batch_is_looked_at_at_once_if_the_last_look_was_long_enough_ago(desk: Desk) -> None:
    batch = desk.placed(people=1)
    due(desk, batch, 5 * MINUTE)
    desk.later(minutes=1)

    assert hint(desk, batch)
    assert due_in(desk, batch) == timedelta(0)


def test_a_flood_of_hints_looks_no_more_often_than_polling_min(desk: Desk) -> None:
    batch = desk.placed(people=1)
    looks: list[datetime] = []
    due(desk, batch, 5 * MINUTE)
    for _ in range(600):
        desk.later(milliseconds=100)
        hint(desk, batch)
        if due_in(desk, batch) == timedelta(0):
            looks.append(desk.now)
            due(desk, batch, 5 * MINUTE)

    pauses = {after - before for before, after in pairwise(looks)}
    assert len(looks) == 12
    assert pauses == {timedelta(seconds=5)}  # The campaign's polling.min.


def test_a_look_that_is_due_earlier_is_left_as_it_is(desk: Desk) -> None:
    batch = desk.placed(people=1)
    due(desk, batch, timedelta(seconds=2))

    assert not hint(desk, batch)
    assert due_in(desk, batch) == timedelta(seconds=2)


def test_a_batch_that_waits_after_a_failure_waits_on(desk: Desk) -> None:
    batch = desk.placed(people=1)
    due(desk, batch, MINUTE)
    desk.ledger.run_sync(advancing.failed, batch.batch_id, desk.now + 5 * MINUTE, "told to wait")
    desk.later(minutes=1)

    assert not hint(desk, batch)
    assert due_in(desk, batch) == 4 * MINUTE


def test_a_batch_that_nobody_looks_at_any_more_is_not_woken(desk: Desk) -> None:
    batch = desk.placed(people=1)
    seen = desk.ledger.run_sync(get, batch.batch_id)
    desk.ledger.run_sync(advancing.schedule, seen, None, "closed", stepped_at=desk.now)

    assert not hint(desk, batch)
    assert due_in(desk, batch) is None


def test_nothing_but_the_due_time_changes(desk: Desk) -> None:
    batch = desk.placed(people=1)
    due(desk, batch, 5 * MINUTE)
    desk.later(minutes=1)
    tables = [("batch", "id"), ("submission", "tag"), ("attempt", "no"), ("call", "provider")]
    before = [desk.rows(table, order) for table, order in tables]

    assert hint(desk, batch)

    after = [desk.rows(table, order) for table, order in tables]
    assert after[1:] == before[1:]
    assert [key for key in before[0][0] if before[0][0][key] != after[0][0][key]] == ["due_at"]


@pytest.mark.parametrize("batch_id", ["", "no-such-batch"])
def test_a_batch_that_is_not_there_is_told(desk: Desk, batch_id: str) -> None:
    with pytest.raises(LookupError):
        desk.ledger.run_sync(hints.look_sooner, batch_id, desk.now)


def test_what_is_in_doubt_is_looked_for_sooner_too(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(people=1).id)
    assert batch is not None
    desk.execute("UPDATE submission SET state = 'held'")
    desk.ledger.run_sync(doubting.looked_in_vain, batch.tags[0], 0, desk.now, desk.now + HOUR)
    due(desk, batch, HOUR)
    desk.later(minutes=1)

    assert hint(desk, batch)
    assert desk.ledger.run_sync(timing.looked_for_at, batch.batch_id, desk.now) == desk.now
