"""What a claim, its wire mark, its release and its recovery write, and what they leave alone."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from campaign.calls import Receipt
from campaign.errors import Stopped
from store.ledger import Ledger
from store.planning.draft import PlannedBatch
from store.submissions import accepting, claiming
from tests.store.desk import Desk

LEASE = timedelta(minutes=5)


def two_batches(desk: Desk) -> Sequence[PlannedBatch]:
    """Batches of one submission each, of two campaigns."""
    planned = [
        desk.plan(desk.campaign(2, name, first).id) for name, first in [("one", 0), ("two", 10)]
    ]
    return [batch for batch in planned if batch is not None]


def claim(desk: Desk, batch: PlannedBatch, owner: str = "me") -> int:
    epoch = desk.ledger.run_sync(
        claiming.claim,
        batch.tags[0],
        keys=[one["key"] for one in desk.attempts(tag=batch.tags[0])],
        owner=owner,
        body=b"the body",
        start_at=None,
        now=desk.now,
        lease=LEASE,
    )
    assert epoch is not None
    return epoch


def mark(desk: Desk, batch: PlannedBatch, epoch: int, *, dials: bool = True) -> None:
    desk.ledger.run_sync(claiming.mark_wire, batch.tags[0], epoch, desk.now, dials=dials)


def release(desk: Desk, batch: PlannedBatch, epoch: int, **said: Any) -> bool:
    options: dict[str, Any] = {"reason": "too fast"} | said
    return desk.ledger.run_sync(claiming.release, batch.tags[0], epoch, desk.now, **options)


def row(desk: Desk, batch: PlannedBatch) -> dict[str, Any]:
    (found,) = desk.rows("submission", "tag", tag=batch.tags[0])
    return found


def dialled(desk: Desk, batch: PlannedBatch) -> list[bool]:
    return [one["dialled_at"] is not None for one in desk.attempts(batch_id=batch.batch_id)]


def last_entry(desk: Desk, batch: PlannedBatch) -> dict[str, Any]:
    return desk.rows("submit_log", "id", tag=batch.tags[0])[-1]


def test_a_claim_says_who_sends_what_and_until_when(desk: Desk) -> None:
    batch, other = two_batches(desk)

    epoch = claim(desk, batch)

    found, entry = row(desk, batch), last_entry(desk, batch)
    assert (found["state"], found["owner"], found["epoch"]) == ("intent", "me", epoch)
    assert found["lease_until"] is not None
    assert bytes(found["body"]) == b"the body"
    assert found["body_sha256"] == sha256(b"the body").hexdigest() == entry["body_sha256"]
    assert (entry["event"], entry["epoch"]) == ("intent", epoch)
    assert row(desk, other)["state"] == "planned"


def test_a_mark_counts_the_people_of_its_own_submission(desk: Desk) -> None:
    batch, other = two_batches(desk)
    epoch = claim(desk, batch)

    mark(desk, batch, epoch)

    entry = last_entry(desk, batch)
    assert (entry["event"], entry["epoch"]) == ("wire", epoch)
    assert row(desk, batch)["wire_at"] is not None
    assert (dialled(desk, batch), dialled(desk, other)) == ([True, True], [False, False])


def test_where_creating_rings_nobody_a_mark_counts_nobody(desk: Desk) -> None:
    batch, _ = two_batches(desk)

    mark(desk, batch, claim(desk, batch), dials=False)

    assert row(desk, batch)["wire_at"] is not None
    assert dialled(desk, batch) == [False, False]


def test_a_mark_is_set_once_for_each_claim(desk: Desk) -> None:
    batch, _ = two_batches(desk)
    epoch = claim(desk, batch)
    mark(desk, batch, epoch)

    with pytest.raises(Stopped):
        mark(desk, batch, epoch)


def test_when_it_was_first_sent_stays_however_often_it_is_sent(desk: Desk) -> None:
    batch, _ = two_batches(desk)
    epoch = claim(desk, batch)
    mark(desk, batch, epoch)
    first = row(desk, batch)["sent_at"]
    release(desk, batch, epoch)
    desk.later(minutes=1)

    mark(desk, batch, claim(desk, batch))

    again = row(desk, batch)
    assert again["sent_at"] == first
    assert again["wire_at"] != first


def test_what_is_released_is_as_if_it_had_never_been_claimed_but_for_a_note(desk: Desk) -> None:
    batch, other = two_batches(desk)
    epochs = [claim(desk, one) for one in (batch, other)]
    for one, epoch in zip((batch, other), epochs, strict=True):
        mark(desk, one, epoch)

    again = desk.now + timedelta(minutes=7)
    assert release(desk, batch, epochs[0], again_at=again, status=429, event="not_done")

    found, entry = row(desk, batch), last_entry(desk, batch)
    assert (found["state"], found["owner"], found["note"]) == ("planned", "", "too fast")
    assert (found["lease_until"], found["wire_at"]) == (None, None)
    assert found["due_at"] is not None
    assert (entry["event"], entry["epoch"]) == ("not_done", epochs[0])
    assert (entry["status"], entry["detail"]) == (429, "too fast")
    assert (dialled(desk, batch), dialled(desk, other)) == ([False, False], [True, True])
    assert row(desk, other)["state"] == "intent"


def test_whoever_was_overtaken_releases_nothing(desk: Desk) -> None:
    batch, _ = two_batches(desk)
    epoch = claim(desk, batch)
    mark(desk, batch, epoch)

    assert not release(desk, batch, epoch - 1)

    assert row(desk, batch)["state"] == "intent"
    assert dialled(desk, batch) == [True, True]


def test_what_is_decided_is_not_released(desk: Desk) -> None:
    batch, _ = two_batches(desk)
    epoch = claim(desk, batch)
    mark(desk, batch, epoch)
    said = Receipt(provider_batch_id="b_1", call_ids={})
    desk.ledger.run_sync(accepting.accept, batch.tags[0], said, desk.now, dials=True)

    assert not release(desk, batch, epoch)

    assert row(desk, batch)["state"] == "accepted"
    assert dialled(desk, batch) == [True, True]


def test_a_release_that_says_nothing_more_says_that_nothing_was_sent(desk: Desk) -> None:
    batch, _ = two_batches(desk)

    release(desk, batch, claim(desk, batch))

    assert last_entry(desk, batch)["event"] == "not_sent"


@pytest.mark.parametrize("marked, state", [(False, "planned"), (True, "unknown")])
def test_what_a_dead_runner_left_is_taken_over_with_a_new_epoch(
    marked: bool, state: str, desk: Desk
) -> None:
    batch, other = two_batches(desk)
    epoch, untouched = claim(desk, batch, "dead"), claim(desk, other, "alive")
    if marked:
        mark(desk, batch, epoch)

    taken = desk.ledger.run_sync(claiming.recover, desk.now, lambda owner: owner == "dead")

    found, entry, left = row(desk, batch), last_entry(desk, batch), row(desk, other)
    assert taken == 1
    assert (found["state"], found["epoch"], found["owner"]) == (state, epoch + 1, "")
    assert (found["lease_until"], found["due_at"], found["looks"]) == (None, None, 0)
    assert found["note"] == "its runner went away"
    assert (entry["event"], entry["epoch"]) == (f"recovered_{state}", epoch + 1)
    assert (left["state"], left["epoch"], left["owner"]) == ("intent", untouched, "alive")


def test_of_one_batch_only_its_own_claims_are_taken_over(desk: Desk) -> None:
    batch, other = two_batches(desk)
    for one in (batch, other):
        claim(desk, one, "dead")

    taken = desk.ledger.run_sync(claiming.recover, desk.now, lambda _: True, batch.batch_id)

    assert taken == 1
    assert (row(desk, batch)["state"], row(desk, other)["state"]) == ("planned", "intent")


def test_a_lease_has_run_out_at_its_last_moment(sqlite_desk: Desk) -> None:
    batch, _ = two_batches(sqlite_desk)
    claim(sqlite_desk, batch)

    def taken_after(length: timedelta) -> int:
        moment = sqlite_desk.now + length
        return sqlite_desk.ledger.run_sync(claiming.recover, moment, lambda _: False)

    assert taken_after(LEASE - timedelta(microseconds=1)) == 0
    assert taken_after(LEASE) == 1


def test_a_lease_on_postgresql_runs_by_the_servers_clock(postgres_database_url: str) -> None:
    with Ledger.open(postgres_database_url) as ledger:
        desk = Desk(ledger)
        batch, _ = two_batches(desk)
        claim(desk, batch)
        years_ahead = desk.now + timedelta(days=10_000)

        taken = ledger.run_sync(claiming.recover, years_ahead, lambda _: False, batch.batch_id)

        assert taken == 0
        assert row(desk, batch)["state"] == "intent"
