from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from campaign.calls import Receipt
from campaign.errors import RateLimited
from campaign.rate import Rate
from store.accounts import memory as accounts
from store.accounts import pacing
from store.accounts.pacing import Quota, Wait
from store.ledger import Ledger
from store.submissions import accepting, claiming
from store.submissions import views as submissions
from tests.store.desk import NOON, Desk

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def quota(ledger: Ledger, per_minute: float | None = None, **said: Any) -> Quota:
    account = ledger.run_sync(accounts.open_account, "vogent", "f00d", NOON)
    rate = None if per_minute is None else Rate.of(per_minute)
    return Quota(account=account, rate=rate, **said)


def claim(desk: Desk, tag: str, said: Quota, *, lines: int = 1) -> int | Wait | None:
    return desk.ledger.run_sync(
        pacing.claim,
        tag,
        said,
        lines=lines,
        owner="me",
        body=b"{}",
        keys=desk.keys(tag),
        start_at=None,
        now=desk.now,
        lease=timedelta(minutes=5),
    )


def accept(desk: Desk, tag: str, epoch: int | Wait | None) -> None:
    assert isinstance(epoch, int)
    desk.ledger.run_sync(claiming.mark_wire, tag, epoch, desk.now, dials=True)
    said = Receipt(provider_batch_id=f"at-provider-{tag}", call_ids={})
    assert desk.ledger.run_sync(accepting.accept, tag, said, desk.now, dials=True)


def tags(desk: Desk, people: int, *, size: int = 1, first: int = 0) -> tuple[str, ...]:
    campaign = desk.campaign(people, f"c{first}", first)
    batch = desk.plan(campaign.id, submission_size=size)
    assert batch is not None
    return batch.tags


def test_two_runners_at_once_never_take_more_places_than_there_are(database_url: str) -> None:
    with Ledger.open(database_url) as one, Ledger.open(database_url) as other:
        desks = [Desk(one), Desk(other)]
        all_tags = tags(desks[0], 20)
        said = quota(one, per_minute=5)

        def take(number: int) -> int | Wait | None:
            return claim(desks[number % 2], all_tags[number], said)

        with ThreadPoolExecutor(4) as pool:
            claimed = list(pool.map(take, range(20)))

    assert sum(isinstance(epoch, int) for epoch in claimed) == 5


def test_calls_of_another_campaign_on_the_account_count(desk: Desk) -> None:
    said = quota(desk.ledger, per_minute=2)
    mine, theirs = tags(desk, 2), tags(desk, 2, first=50)
    for tag in mine:
        accept(desk, tag, claim(desk, tag, said))

    waits = claim(desk, theirs[0], said)

    assert isinstance(waits, Wait)
    assert waits.until == desk.now + MINUTE
    desk.now = waits.until
    assert isinstance(claim(desk, theirs[0], said), int)


def test_what_may_still_ring_counts_until_a_minute_after_its_answer(desk: Desk) -> None:
    said = quota(desk.ledger, per_minute=1)
    first, second = tags(desk, 2)
    epoch = claim(desk, first, said)
    desk.later(minutes=3)
    assert isinstance(claim(desk, second, said), Wait)
    accept(desk, first, epoch)

    desk.later(seconds=59)
    assert isinstance(claim(desk, second, said), Wait)
    desk.later(seconds=1)
    assert isinstance(claim(desk, second, said), int)


def test_what_was_provably_not_placed_gives_its_place_back(desk: Desk) -> None:
    said = quota(desk.ledger, per_minute=1)
    first, second = tags(desk, 2)
    epoch = claim(desk, first, said)
    assert isinstance(epoch, int)
    desk.ledger.run_sync(claiming.release, first, epoch, desk.now, reason="not sent")

    assert isinstance(claim(desk, second, said), int)


def test_one_that_waits_puts_off_all_of_its_batch(desk: Desk) -> None:
    said = quota(desk.ledger, per_minute=1)
    claim(desk, tags(desk, 1, first=50)[0], said)

    batch = tags(desk, 3)
    waits = claim(desk, batch[0], said)

    assert isinstance(waits, Wait)
    planned = desk.rows("submission", "tag", state="planned")
    assert [row["tag"] for row in planned] == sorted(batch)
    assert {row["note"] for row in planned} == {"waits: 1 a minute"}
    for tag in batch:
        put_off = desk.ledger.run_sync(submissions.get, tag)
        assert put_off is not None
        assert put_off.due_at == waits.until


def test_a_submission_that_was_planned_under_a_higher_limit_does_not_wait_for_ever(
    desk: Desk,
) -> None:
    said = quota(desk.ledger, per_minute=2, concurrency=2)

    assert isinstance(claim(desk, tags(desk, 5, size=5)[0], said, lines=5), int)


def test_no_call_is_placed_while_the_account_is_to_be_left_alone(desk: Desk) -> None:
    said = quota(desk.ledger)
    refusal = RateLimited("no", retry_after=90 * SECOND, status=429)
    desk.ledger.run_sync(accounts.refused, said.account, refusal, desk.now)
    (tag,) = tags(desk, 1)

    waits = claim(desk, tag, said)

    assert isinstance(waits, Wait)
    assert waits.until == desk.now + 90 * SECOND


def test_lines_that_may_be_in_use_are_not_given_away_again(desk: Desk) -> None:
    said = quota(desk.ledger, concurrency=3)
    mine, theirs = tags(desk, 4), tags(desk, 2, first=50)
    for tag in mine[:3]:
        accept(desk, tag, claim(desk, tag, said))

    assert isinstance(claim(desk, theirs[0], said), Wait)
    assert desk.ledger.run_sync(pacing.lines_left, said) == 0
    desk.execute(
        "UPDATE attempt SET state = 'done', closed_at = created_at WHERE tag = :tag", tag=mine[0]
    )
    desk.later(seconds=5)
    assert desk.ledger.run_sync(pacing.lines_left, said) == 1
    assert isinstance(claim(desk, theirs[0], said), int)


def test_a_batch_that_the_provider_paces_uses_no_more_lines_than_it_was_given(desk: Desk) -> None:
    said = quota(desk.ledger, concurrency=5)
    (batch,) = tags(desk, 10, size=10)
    accept(desk, batch, claim(desk, batch, said, lines=3))

    assert desk.ledger.run_sync(pacing.lines_left, said) == 2


def test_a_start_that_is_held_up_waits_for_its_turn_and_a_repeated_one_does_not(
    desk: Desk,
) -> None:
    said = quota(desk.ledger, per_minute=1)
    created, other = tags(desk, 2)
    epoch = claim(desk, created, said)
    assert isinstance(epoch, int)
    desk.ledger.run_sync(claiming.mark_wire, created, epoch, desk.now, dials=False)
    made = Receipt(provider_batch_id="job-1", call_ids={})
    desk.ledger.run_sync(accepting.accept, created, made, desk.now, dials=False)
    desk.later(minutes=2)
    accept(desk, other, claim(desk, other, said))

    def start() -> None:
        desk.ledger.run_sync(pacing.mark_start, created, "job-1", said, now=desk.now)

    with pytest.raises(RateLimited) as told:
        start()
    assert told.value.retry_after == MINUTE
    desk.later(minutes=1)
    start()
    start()
