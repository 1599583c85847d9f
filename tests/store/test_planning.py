import threading
from datetime import timedelta

import pytest

from campaign.candidates import Candidate, Ruling
from campaign.words import Outcome
from store import suppressions
from store.ledger import Ledger
from store.planning import candidates, choosing
from store.planning import planner as planning
from store.planning.planner import plan_batch
from tests.store.desk import NOON, Desk, listed, number


def test_a_plan_opens_its_people_and_names_every_attempt(desk: Desk) -> None:
    campaign = desk.campaign(people=5)

    batch = desk.plan(campaign.id, submission_size=2, from_numbers=["a", "b"])

    assert batch is not None
    assert batch.batch_id == f"{campaign.id}-1"
    assert batch.attempts == 5
    assert len(set(batch.tags)) == 3
    assert {row["state"] for row in desk.recipients()} == {"open"}
    attempts = desk.attempts()
    assert [row["tag"] for row in attempts] == [
        batch.tags[0],
        batch.tags[0],
        batch.tags[1],
        batch.tags[1],
        batch.tags[2],
    ]
    assert len({row["key"] for row in attempts}) == 5
    assert {row["state"] for row in attempts} == {"assigned"}
    assert {row["from_number"] for row in attempts} == {"a", "b"}
    assert {row["state"] for row in desk.rows("submission", "no")} == {"planned"}


def test_whoever_was_due_first_is_called_first(desk: Desk) -> None:
    campaign = desk.campaign(people=3)
    first, second, third = (row["id"] for row in desk.recipients())
    waiting = [Ruling.later(NOON + timedelta(hours=hours), "closed") for hours in (2, 1)]
    rulings = dict(zip([first, second], waiting, strict=True)) | {third: Ruling.call()}
    desk.plan(campaign.id, judge=lambda one: rulings[one.recipient_id])
    desk.later(hours=3)

    one = desk.plan(campaign.id, size=1)
    desk.plan(campaign.id, size=1)

    assert one is not None
    assert [row["recipient_id"] for row in desk.attempts(batch_id=one.batch_id)] == [second]
    assert [row["recipient_id"] for row in desk.attempts()] == [first, second, third]


def test_a_judge_decides_and_its_reasons_are_kept(desk: Desk) -> None:
    campaign = desk.campaign(people=4)
    ids = [row["id"] for row in desk.recipients()]
    tomorrow = NOON + timedelta(days=1)
    rulings = dict(
        zip(
            ids,
            [
                Ruling.call(),
                Ruling.later(tomorrow, "closed on Sundays"),
                Ruling.skip("no consent"),
                Ruling.expire("the offer has ended"),
            ],
            strict=True,
        )
    )

    batch = desk.plan(campaign.id, judge=lambda one: rulings[one.recipient_id])

    assert batch is not None
    assert batch.attempts == 1
    assert [(row["state"], row["reason"]) for row in desk.recipients()] == [
        ("open", ""),
        ("ready", "closed on Sundays"),
        ("skipped", "no consent"),
        ("expired", "the offer has ended"),
    ]
    assert desk.ledger.run_sync(planning.next_due, campaign.id) == tomorrow
    assert desk.plan(campaign.id) is None


def test_with_nobody_left_to_call_nothing_is_due(desk: Desk) -> None:
    campaign = desk.campaign(people=2)
    assert desk.ledger.run_sync(planning.next_due, campaign.id) == NOON

    desk.plan(campaign.id)

    assert desk.ledger.run_sync(planning.next_due, campaign.id) is None
    assert desk.ledger.run_sync(planning.next_due, campaign.id, "vogent") is None


def test_a_number_with_an_open_attempt_in_another_campaign_waits(desk: Desk) -> None:
    one, other = desk.campaign(name="one"), desk.campaign(name="other")
    desk.plan(one.id)

    assert desk.plan(other.id) is None
    assert {row["state"] for row in desk.recipients(campaign_id=other.id)} == {"ready"}

    due_at = desk.ledger.run_sync(planning.next_due, other.id)
    assert due_at is not None
    assert due_at > desk.now


def test_a_suppressed_number_is_skipped_in_every_campaign(desk: Desk) -> None:
    campaign = desk.campaign(people=2)
    suppressed = [number(0)]
    desk.ledger.run_sync(
        suppressions.add, suppressed, reason="asked", source="letter", now=NOON, in_clear=False
    )

    batch = desk.plan(campaign.id)

    assert batch is not None
    assert [(row["state"], row["reason"]) for row in desk.recipients()] == [
        ("skipped", "suppressed"),
        ("open", ""),
    ]


def test_the_judge_is_told_the_past_of_the_number_over_all_campaigns(desk: Desk) -> None:
    past = desk.placed(people=1, name="winter")
    answered = desk.call(desk.attempts()[0]["key"], Outcome.VOICEMAIL, opted_out=False)
    desk.page(past, [listed(answered)])
    desk.later(days=1)
    campaign = desk.campaign(people=1)
    seen: list[Candidate] = []

    desk.plan(campaign.id, judge=lambda one: seen.append(one) or Ruling.call())

    (candidate,) = seen
    assert candidate.attempts == 0
    (attempt,) = candidate.history
    assert attempt.at == NOON
    assert attempt.outcome is Outcome.VOICEMAIL
    assert attempt.ended_at == NOON + timedelta(seconds=30)
    assert not attempt.this_campaign
    assert not attempt.refused


def test_a_call_counts_from_when_it_can_have_rung_last(desk: Desk) -> None:
    past = desk.placed(people=4, name="winter")
    keys = [row["key"] for row in desk.attempts()]
    hours = [NOON + timedelta(hours=n) for n in range(6)]
    ended = {"started_at": hours[2], "ended_at": hours[3]}
    nothing = {"started_at": None, "ended_at": None}
    told = desk.call(keys[0], Outcome.NO_ANSWER, **ended)
    untold = desk.call(keys[1], Outcome.NO_ANSWER, **nothing)
    under_way = desk.call(keys[2], Outcome.UNKNOWN, over=False, **nothing)
    desk.later(hours=4)
    desk.page(past, [listed(told), listed(untold), listed(under_way)])
    desk.later(hours=1)

    with desk.ledger.reading() as db:
        known = candidates.pasts(db, [number(n) for n in range(4)], None, desk.now)

    history = [known[number(n)].history[0] for n in range(4)]
    assert [past.at for past in history] == [hours[2], NOON, NOON, NOON]
    # As the provider said; when we saw it end; not over; nothing heard of.
    assert [past.over_at for past in history] == [hours[3], hours[4], hours[5], hours[5]]


def test_a_second_attempt_has_another_key(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.page(batch, [listed(call) for call in desk.calls(batch, Outcome.NO_ANSWER)])
    desk.later(hours=5)

    again = desk.plan(batch.batch_id.partition("-")[0])

    assert again is not None
    assert again.no == 2
    first, second = desk.attempts()
    assert (first["no"], second["no"]) == (1, 2)
    assert first["key"] != second["key"]


def test_the_limits_of_a_campaign_count_what_was_dialled_or_may_be(desk: Desk) -> None:
    campaign = desk.campaign(people=5, limits={"max_calls": 3})

    first = desk.plan(campaign.id, size=2)
    second = desk.plan(campaign.id, size=2)

    assert first is not None
    assert second is not None
    assert (first.attempts, second.attempts) == (2, 1)
    assert desk.plan(campaign.id) is None


def test_a_batch_judges_a_bounded_number_of_people(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "LOOKED_AT_MOST", 2)
    monkeypatch.setattr(choosing, "_CHUNK", 1)  # People of one query.
    campaign = desk.campaign(people=5)
    later = NOON + timedelta(hours=1)

    assert desk.plan(campaign.id, judge=lambda _: Ruling.later(later, "closed")) is None

    assert [row["reason"] for row in desk.recipients()] == ["closed", "closed", "", "", ""]
    assert desk.ledger.run_sync(planning.next_due, campaign.id) == NOON


def test_runners_that_plan_at_once_never_plan_a_number_twice(database_url: str, desk: Desk) -> None:
    one, other = desk.campaign(people=40, name="one"), desk.campaign(people=40, name="other")
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def plan(campaign_id: str) -> None:
        try:
            with Ledger.open(database_url) as ledger:
                barrier.wait()
                for _ in range(2):
                    ledger.run_sync(
                        plan_batch, campaign_id, "vogent", now=NOON, size=7, submission_size=3
                    )
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=plan, args=[id_]) for id_ in (one.id, other.id) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    numbers = [row["phone_number"] for row in desk.attempts()]
    assert sorted(numbers) == [number(n) for n in range(40)]
