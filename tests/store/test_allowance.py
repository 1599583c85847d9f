"""What a campaign may still spend, try and bear: judged where attempts are planned and marked."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaign.candidates import Ruling
from campaign.errors import Stopped
from campaign.words import Outcome
from store.allowance import gate, spending
from store.allowance.room import next_due, standstill
from store.allowance.terms import let_go, terms
from store.books import books
from store.campaigns import CampaignView
from store.planning.draft import PlannedBatch
from store.recipients import NewRecipient
from store.submissions import claiming, deciding
from tests.store.desk import Desk, listed, number

CENTS = {"budget_usd": "1.00", "cost_per_call_usd": "0.25"}


def money(desk: Desk, campaign: CampaignView) -> tuple[Decimal, Decimal]:
    """Spent and reserved."""
    with desk.ledger.reading() as db:
        counted = spending.budget(db, terms(db, campaign.id))
    assert counted is not None
    return counted.spent, counted.reserved


def finish(
    desk: Desk,
    batch: PlannedBatch,
    outcomes: Sequence[Outcome],
    cost: str | None = None,
    reason: str = "hangup",
) -> None:
    """Bring home a call of every attempt, each with its outcome in turn."""
    keys = [row["key"] for row in desk.attempts(batch_id=batch.batch_id)]
    rows = [
        listed(
            desk.call(
                key, outcome, ended_reason=reason, cost_usd=None if cost is None else Decimal(cost)
            )
        )
        for key, outcome in zip(keys, outcomes, strict=True)
    ]
    desk.page(batch, rows)


def called(desk: Desk, campaign: CampaignView, **options: Any) -> PlannedBatch:
    batch = desk.plan(campaign.id, **options)
    assert batch is not None
    desk.submit(batch)
    return batch


def why(desk: Desk, campaign: CampaignView) -> str:
    return desk.ledger.run_sync(standstill, campaign.id, desk.now)


def state_of(desk: Desk, campaign: CampaignView) -> tuple[str, str]:
    row = desk.row("SELECT state, state_reason FROM campaign WHERE id = :id", id=campaign.id)
    return row["state"], row["state_reason"]


def resume(desk: Desk, campaign: CampaignView) -> None:
    """As an operator does who has looked."""
    desk.execute("UPDATE campaign SET state = 'running' WHERE id = :id", id=campaign.id)
    desk.ledger.run_sync(let_go, campaign.id, desk.now)


def test_no_more_is_planned_than_the_budget_pays_for(desk: Desk) -> None:
    campaign = desk.campaign(people=10, limits=CENTS)

    first = called(desk, campaign)

    assert first.attempts == 4
    assert money(desk, campaign) == (Decimal(0), Decimal(1))
    assert desk.plan(campaign.id) is None
    assert why(desk, campaign) == "budget of 1.00 USD is used up: 0.00 spent, 1.00 reserved"


def test_a_reservation_is_settled_on_what_the_call_did_cost(desk: Desk) -> None:
    campaign = desk.campaign(people=10, limits=CENTS)
    first = called(desk, campaign)

    finish(desk, first, [Outcome.ANSWERED] * 4, cost="0.1")

    assert money(desk, campaign) == (Decimal("0.4"), Decimal(0))
    second = called(desk, campaign)
    assert second.attempts == 2
    finish(desk, second, [Outcome.ANSWERED] * 2, cost="0.4")
    assert money(desk, campaign) == (Decimal("1.2"), Decimal(0))
    assert why(desk, campaign) == "budget of 1.00 USD is used up: 1.20 spent, 0.00 reserved"


def test_a_call_whose_cost_is_not_told_keeps_its_reservation(desk: Desk) -> None:
    campaign = desk.campaign(people=10, limits=CENTS)

    finish(desk, called(desk, campaign), [Outcome.ANSWERED] * 4)

    assert money(desk, campaign) == (Decimal(0), Decimal(1))
    assert desk.plan(campaign.id) is None
    assert desk.ledger.run_sync(next_due, campaign.id, desk.now) is None


def test_what_came_to_no_call_gives_its_reservation_back_and_what_is_in_doubt_keeps_it(
    desk: Desk,
) -> None:
    campaign = desk.campaign(people=10, limits=CENTS)
    batch = desk.plan(campaign.id, size=3, submission_size=1)
    assert batch is not None
    refused, doubtful, gone = batch.tags
    for tag in (refused, doubtful):
        epoch = desk.ledger.run_sync(
            claiming.claim, tag, owner="me", body=b"", keys=desk.keys(tag),
            start_at=None, now=desk.now,
            lease=timedelta(minutes=5),
        )  # fmt: skip
        assert epoch is not None
        desk.ledger.run_sync(claiming.mark_wire, tag, epoch, desk.now, dials=True)
        if tag == refused:
            desk.ledger.run_sync(
                deciding.reject, tag, epoch, desk.now, reason="no such agent", status=400
            )
        else:
            desk.ledger.run_sync(
                deciding.doubt, tag, epoch, desk.now, look_at=desk.now, reason="no answer"
            )
    desk.execute("UPDATE attempt SET state = 'skipped' WHERE tag = :tag", tag=gone)

    assert money(desk, campaign) == (Decimal(0), Decimal("0.25"))


def test_without_a_price_a_call_is_reserved_at_what_those_before_it_came_to(desk: Desk) -> None:
    earlier = desk.campaign(people=2, name="earlier")
    finish(desk, called(desk, earlier), [Outcome.ANSWERED, Outcome.NO_ANSWER], cost="0.5")
    desk.later(hours=5)
    campaign = desk.campaign(people=10, first=10, limits={"budget_usd": 2})

    assert called(desk, campaign).attempts == 4


def test_as_long_as_nothing_tells_what_a_call_costs_one_goes_ahead(desk: Desk) -> None:
    campaign = desk.campaign(people=10, limits={"budget_usd": 2})

    first = called(desk, campaign)

    assert first.attempts == 1
    assert desk.plan(campaign.id) is None
    finish(desk, first, [Outcome.ANSWERED], cost="0.5")
    assert called(desk, campaign).attempts == 3


def test_a_budget_lowered_after_planning_stops_the_submission_before_a_byte(desk: Desk) -> None:
    campaign = desk.campaign(people=4, limits=CENTS)
    batch = desk.plan(campaign.id)
    assert batch is not None
    (tag,) = batch.tags
    epoch = desk.ledger.run_sync(
        claiming.claim, tag, owner="me", body=b"", keys=desk.keys(tag),
            start_at=None, now=desk.now,
        lease=timedelta(minutes=5),
    )  # fmt: skip
    assert epoch is not None
    desk.enroll(limits={**CENTS, "budget_usd": "0.60"})

    with pytest.raises(Stopped, match=r"budget of 0\.60 USD is used up"):
        desk.ledger.run_sync(claiming.mark_wire, tag, epoch, desk.now, dials=True)

    assert {row["dialled_at"] for row in desk.attempts()} == {None}


def test_what_the_budget_no_longer_covers_is_called_off_and_planned_smaller(desk: Desk) -> None:
    campaign = desk.campaign(people=4, limits=CENTS)
    batch = desk.plan(campaign.id)
    assert batch is not None
    desk.enroll(limits={**CENTS, "budget_usd": "0.60"})

    assert desk.ledger.run_sync(gate.called_off, batch.tags[0], desk.now)

    assert {row["state"] for row in desk.recipients()} == {"ready"}
    assert called(desk, campaign).attempts == 2


CANARY: dict[str, Any] = {"policy": {"canary": {"size": 4, "max_failure_rate": 0.25}}}


def test_the_canary_wave_is_drawn_by_lot_and_nobody_else_is_called(desk: Desk) -> None:
    campaign = desk.campaign(people=40, **CANARY)

    first = called(desk, campaign)

    assert first.attempts == 4
    drawn = [row["recipient_id"] for row in desk.attempts()]
    assert drawn != [row["id"] for row in desk.recipients()][:4]
    assert desk.plan(campaign.id) is None
    assert "waits for the canary wave: 4 of 4 calls under way" in why(desk, campaign)
    waits_until = desk.ledger.run_sync(next_due, campaign.id, desk.now)
    assert waits_until is not None
    assert waits_until > desk.now


def test_the_lots_are_the_same_however_often_they_are_drawn(desk: Desk) -> None:
    campaign = desk.campaign(people=40, **CANARY)
    one_by_one = [desk.plan(campaign.id, size=1) for _ in range(5)]
    assert one_by_one[4] is None
    drawn = {row["recipient_id"] for row in desk.attempts()}
    for table in ("attempt", "submission", "batch"):
        desk.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    desk.execute("UPDATE recipient SET state = 'ready'")

    desk.plan(campaign.id)

    assert {row["recipient_id"] for row in desk.attempts()} == drawn


def test_a_good_canary_wave_lets_the_rest_go(desk: Desk) -> None:
    campaign = desk.campaign(people=10, **CANARY)
    first = called(desk, campaign)
    outcomes = [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.VOICEMAIL, Outcome.FAILED]

    finish(desk, first, outcomes)

    assert called(desk, campaign).attempts == 6
    assert state_of(desk, campaign)[0] == "running"


def test_a_bad_canary_wave_stops_the_campaign_until_a_person_lets_the_rest_go(desk: Desk) -> None:
    campaign = desk.campaign(people=10, **CANARY)
    first = called(desk, campaign)
    outcomes = [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.FAILED, Outcome.UNKNOWN]
    finish(desk, first, outcomes, reason="carrier-error")

    assert desk.plan(campaign.id) is None

    said = (
        "the canary wave went badly: 2 of 4 calls by vogent failed (2 x carrier-error),"
        " more than 25%"
    )
    assert state_of(desk, campaign) == ("needs_attention", said)
    # Being set running is not being let go: a schedule does that, too.
    desk.execute("UPDATE campaign SET state = 'running'")
    assert desk.plan(campaign.id) is None
    assert state_of(desk, campaign) == ("needs_attention", said)
    resume(desk, campaign)
    assert called(desk, campaign).attempts == 6


def test_people_imported_later_neither_widen_nor_repeat_the_canary_wave(desk: Desk) -> None:
    campaign = desk.campaign(people=6, **CANARY)
    first = called(desk, campaign)

    desk.add(campaign.id, people_from(20, 10))

    assert desk.plan(campaign.id) is None
    finish(desk, first, [Outcome.ANSWERED] * 4)
    assert called(desk, campaign).attempts == 12
    desk.add(campaign.id, people_from(40, 5))
    assert called(desk, campaign).attempts == 5


def test_a_canary_wave_is_not_judged_before_all_who_may_join_it_were_called(desk: Desk) -> None:
    campaign = desk.campaign(people=6, **CANARY)
    tomorrow = desk.now + timedelta(days=1)
    early = {row["id"] for row in desk.recipients()[:2]}
    batch = desk.plan(
        campaign.id,
        judge=lambda one: (
            Ruling.call() if one.recipient_id in early else Ruling.later(tomorrow, "closed")
        ),
    )
    assert batch is not None
    desk.submit(batch)
    finish(desk, batch, [Outcome.ANSWERED] * 2)

    assert desk.plan(campaign.id) is None
    assert desk.ledger.run_sync(next_due, campaign.id, desk.now) == tomorrow
    desk.later(days=1)
    assert called(desk, campaign).attempts == 2
    assert desk.plan(campaign.id) is None


BREAKER: dict[str, Any] = {"limits": {"max_failure_rate": 0.5}}


def test_a_campaign_whose_last_calls_failed_is_stopped_with_the_cause(desk: Desk) -> None:
    campaign = desk.campaign(people=60, **BREAKER)
    first = called(desk, campaign, size=30)
    planned = desk.plan(campaign.id, size=10)
    assert planned is not None
    (tag,) = planned.tags
    epoch = desk.ledger.run_sync(
        claiming.claim, tag, owner="me", body=b"", keys=desk.keys(tag),
            start_at=None, now=desk.now,
        lease=timedelta(minutes=5),
    )  # fmt: skip
    assert epoch is not None
    finish(desk, first, [Outcome.FAILED] * 16 + [Outcome.ANSWERED] * 14, reason="no route")

    with pytest.raises(Stopped, match="16 of 30 calls by vogent failed"):
        desk.ledger.run_sync(claiming.mark_wire, tag, epoch, desk.now, dials=True)
    assert desk.plan(campaign.id) is None

    said = (
        "of the last calls 16 of 30 calls by vogent failed (16 x no route), more than 50%"
        " (limits.max_failure_rate)"
    )
    assert state_of(desk, campaign) == ("needs_attention", said)
    desk.later(minutes=1)
    resume(desk, campaign)
    assert called(desk, campaign, size=10).attempts == 10


def test_a_few_failures_are_no_reason_to_stop(desk: Desk) -> None:
    campaign = desk.campaign(people=60, **BREAKER)

    finish(desk, called(desk, campaign, size=19), [Outcome.FAILED] * 19)

    assert called(desk, campaign).attempts == 41


def test_only_the_last_calls_count(desk: Desk) -> None:
    campaign = desk.campaign(people=100, **BREAKER)
    finish(desk, called(desk, campaign, size=19), [Outcome.FAILED] * 19)
    desk.later(minutes=1)
    finish(desk, called(desk, campaign, size=40), [Outcome.ANSWERED] * 40)
    desk.later(minutes=1)

    finish(desk, called(desk, campaign, size=21), [Outcome.FAILED] * 21)

    # Of the last fifty, 21 failed; of all eighty it would be half.
    assert called(desk, campaign).attempts == 20


def people_from(first: int, count: int) -> list[NewRecipient]:
    return [
        NewRecipient(phone_number=number(n), provider="vogent", source_row=n + 2)
        for n in range(first, first + count)
    ]


def test_an_exhausted_budget_leaves_its_people_in_the_books(desk: Desk) -> None:
    campaign = desk.campaign(people=6, limits=CENTS)
    finish(desk, called(desk, campaign), [Outcome.ANSWERED] * 4, cost="0.25")

    with desk.ledger.reading() as db:
        counted = books(db, campaign.id)

    assert (counted.reached, counted.ready) == (4, 2)
    assert not counted.closes
