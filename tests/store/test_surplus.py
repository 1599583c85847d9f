"""What a provider has twice, what it names wrongly, and what turns up when nobody waits for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.calls import BatchRef, Found, Page, Receipt
from campaign.candidates import Candidate, Ruling
from campaign.states import BatchState, SubmissionState
from campaign.words import Outcome
from store.batches import advancing
from store.batches import views as batches
from store.calls import due_details, save_beside
from store.decisions import holding
from store.decisions.holding import Decider
from store.planning.draft import PlannedBatch
from store.submissions import (
    accepting,
    adopting,
    claiming,
    deciding,
    doubting,
    screening,
    surplus,
    timing,
)
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tests.store.desk import Desk, listed

ANN = Decider(actor="Ann", reason="their support has looked")


def in_doubt(desk: Desk, people: int = 1, **changes: Any) -> list[str]:
    """The tags of a batch whose submissions were all sent and never answered."""
    batch = desk.plan(desk.campaign(people).id, **changes)
    assert batch is not None
    for tag in batch.tags:
        sent(desk, tag)
    return list(batch.tags)


def sent(desk: Desk, tag: str) -> None:
    epoch = claimed(desk, tag)
    desk.ledger.run_sync(deciding.doubt, tag, epoch, desk.now, look_at=desk.now, reason="no answer")


def claimed(desk: Desk, tag: str) -> int:
    """The epoch of a claim whose first byte may leave."""
    run, now = desk.ledger.run_sync, desk.now
    epoch = run(
        claiming.claim,
        tag,
        owner="me",
        body=b"{}",
        keys=[one["key"] for one in desk.attempts(tag=tag)],
        start_at=None,
        now=now,
        lease=timedelta(minutes=5),
    )
    assert epoch is not None
    run(claiming.mark_wire, tag, epoch, now, dials=True)
    return epoch


def held(desk: Desk, tag: str) -> None:
    assert desk.ledger.run_sync(doubting.hold, tag, desk.now, look_at=desk.now, reason="not found")


def seen(desk: Desk, tag: str) -> SubmissionView:
    view = desk.ledger.run_sync(submissions.get, tag)
    assert view is not None
    return view


def accept(desk: Desk, tag: str, provider_batch_id: str, **changes: Any) -> bool:
    receipt = Receipt(provider_batch_id=provider_batch_id, **changes)
    return desk.ledger.run_sync(accepting.accept, tag, receipt, desk.now, dials=True)


def adopt(desk: Desk, tag: str, *found: Found) -> bool:
    return desk.ledger.run_sync(adopting.adopt, tag, found, desk.now, two_phase=False)


def second_request(desk: Desk, people: int = 1, **changes: Any) -> str:
    """The tag of what a person vouched for and what is planned again."""
    (tag,) = in_doubt(desk, people, **changes)
    held(desk, tag)
    assert desk.ledger.run_sync(holding.confirm_not_placed, tag, ANN, desk.now)
    return tag


def refused(desk: Desk, people: int = 1) -> str:
    """The tag of what a person vouched for and what was refused then."""
    tag = second_request(desk, people)
    epoch = claimed(desk, tag)
    assert desk.ledger.run_sync(deciding.reject, tag, epoch, desk.now, reason="no", status=400)
    return tag


def given_up(desk: Desk, people: int = 1) -> str:
    """The tag of what a person gave up."""
    (tag,) = in_doubt(desk, people)
    held(desk, tag)
    assert desk.ledger.run_sync(holding.abandon, tag, ANN, desk.now)
    return tag


def called_off(desk: Desk, people: int = 1) -> str:
    """The tag of what a person vouched for and what was called off then."""
    tag = second_request(desk, people)
    assert desk.ledger.run_sync(screening.call_off, tag, desk.now, Ruling.skip("cancelled"))
    return tag


def planned(desk: Desk, tag: str) -> PlannedBatch:
    """The batch of a submission, as it was planned."""
    batch = batch_of(desk, tag)
    return PlannedBatch(
        batch_id=batch.id, no=batch.no, provider=batch.provider, tags=(tag,), attempts=1
    )


def next_due(desk: Desk, tag: str) -> datetime | None:
    return desk.ledger.run_sync(timing.looked_for_at, seen(desk, tag).batch_id, desk.now)


def to_stop(desk: Desk, tag: str) -> list[BatchRef]:
    batch_id = seen(desk, tag).batch_id
    due = desk.ledger.run_sync(surplus.to_stop, batch_id, desk.now)
    return [one.batch for _, one in due]


def batch_of(desk: Desk, tag: str) -> batches.BatchView:
    return desk.ledger.run_sync(batches.get, seen(desk, tag).batch_id)


def settle(desk: Desk, tag: str) -> BatchState:
    batch_id = seen(desk, tag).batch_id
    return desk.ledger.run_sync(advancing.settle, batch_id, desk.now, own_progress=False).state


def test_an_id_that_belongs_to_another_submission_is_an_incident_and_breaks_nothing(
    desk: Desk,
) -> None:
    wrong, right = in_doubt(desk, 2, submission_size=1)
    held(desk, wrong)
    receipt = Receipt(provider_batch_id="ID2")
    assert desk.ledger.run_sync(holding.adopt, wrong, receipt, ANN, desk.now, dials=True)

    assert not adopt(desk, right, Found(provider_batch_id="ID2"))
    assert not accept(desk, right, "ID2")
    assert desk.incidents() == ["contested_id"]
    assert seen(desk, right).state is SubmissionState.UNKNOWN
    assert to_stop(desk, right) == []


def test_what_is_found_beside_what_is_adopted_is_to_be_stopped_from_then_on(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    early, late = desk.now, desk.now + timedelta(minutes=1)
    found = [
        Found(provider_batch_id="B", created_at=late),
        Found(provider_batch_id="A", created_at=early),
    ]

    assert adopt(desk, tag, *found)
    (ref,) = to_stop(desk, tag)
    assert seen(desk, tag).provider_batch_id == "A"
    assert [one.provider_batch_id for one in ref.submissions] == ["B"]
    assert desk.incidents() == ["duplicate_submission"]


def test_a_stop_of_a_surplus_that_fails_is_due_again_until_it_is_taken(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    accept(desk, tag, "A")
    assert not accept(desk, tag, "B")
    pause = timedelta(minutes=1)

    desk.ledger.run_sync(surplus.stop_failed, tag, "B", desk.now, pause)
    assert to_stop(desk, tag) == []
    desk.later(minutes=1)
    assert len(to_stop(desk, tag)) == 1
    desk.ledger.run_sync(surplus.stopped, tag, "B", desk.now)
    desk.later(days=1)
    assert to_stop(desk, tag) == []


def test_of_single_calls_the_one_that_is_not_known_is_the_surplus(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    (attempt,) = desk.attempts(tag=tag)
    key = attempt["key"]
    accept(desk, tag, tag, call_ids={key: "call-1"})

    desk.ledger.run_sync(
        adopting.record_surplus,
        tag,
        [
            Found(provider_batch_id=tag, call_ids={key: "call-1"}),
            Found(provider_batch_id=tag, call_ids={key: "call-2"}),
        ],
        desk.now,
        two_phase=False,
    )
    (ref,) = to_stop(desk, tag)
    assert ref.open_calls == {"call-2": key}


def test_a_surplus_call_that_was_stopped_does_not_end_the_attempt_of_the_one_that_counts(
    desk: Desk,
) -> None:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    (attempt,) = desk.attempts(batch_id=batch.batch_id)
    desk.submit(batch, {attempt["key"]: "call-1"})
    stopped = desk.call(attempt["key"], Outcome.CANCELLED, id="call-2")

    desk.page(batch, [listed(stopped)], own_only=False)

    (attempt,) = desk.attempts(batch_id=batch.batch_id)
    assert attempt["state"] == "submitted"
    assert [call["provider_call_id"] for call in desk.stored()] == ["call-2"]


def test_calls_of_a_surplus_batch_are_kept_and_end_no_attempt_unless_somebody_was_reached(
    desk: Desk,
) -> None:
    batch = desk.placed(people=2)
    first, second = desk.attempts(batch_id=batch.batch_id)
    rows = [
        listed(desk.call(first["key"], Outcome.NO_ANSWER)),
        listed(desk.call(second["key"], Outcome.ANSWERED)),
    ]

    said: dict[str, Any] = {"now": desk.now, "policy": desk.policy, "own_only": True}
    desk.ledger.run_sync(save_beside, batch.batch_id, Page(calls=tuple(rows)), **said)

    states = [one["state"] for one in desk.attempts(batch_id=batch.batch_id)]
    assert len(desk.stored()) == 2
    assert states == ["submitted", "done"]
    assert desk.incidents() == []


def test_what_was_sent_again_after_a_doubt_is_looked_for_once_it_is_accepted(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    held(desk, tag)
    assert desk.ledger.run_sync(holding.confirm_not_placed, tag, ANN, desk.now)
    sent(desk, tag)
    accept(desk, tag, "B")

    moments = list[datetime]()
    begun = desk.now
    while (due_at := seen(desk, tag).due_at) is not None:
        moments.append(due_at)
        desk.now = due_at
        desk.ledger.run_sync(doubting.look_later, tag, desk.now)
    assert moments[0] - begun == timedelta(minutes=15)
    assert moments[-1] - begun == timedelta(hours=72)
    assert desk.ledger.run_sync(timing.looked_for_at, seen(desk, tag).batch_id, begun) is None


def test_what_was_sent_once_is_not_looked_for_any_more_once_it_is_accepted(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    accept(desk, tag, "A")

    assert seen(desk, tag).due_at is None


def test_a_late_yes_to_what_was_given_up_opens_its_batch_again(desk: Desk) -> None:
    tag = given_up(desk)
    assert batch_of(desk, tag).state is BatchState.REJECTED
    desk.later(hours=1)

    assert accept(desk, tag, "Z")
    assert batch_of(desk, tag).due_at == desk.now
    assert settle(desk, tag) is BatchState.COLLECTING


def test_what_was_given_up_is_still_looked_for_at_the_times_of_the_late_sweeps(
    desk: Desk,
) -> None:
    tag = given_up(desk)

    batch_id = seen(desk, tag).batch_id
    due_at = desk.ledger.run_sync(timing.looked_for_at, batch_id, desk.now)
    assert due_at == desk.now + timedelta(minutes=15)


def test_a_batch_that_is_over_is_stepped_when_what_was_given_up_is_to_be_looked_for(
    desk: Desk,
) -> None:
    (tag,) = in_doubt(desk)
    held(desk, tag)
    desk.ledger.run_sync(holding.abandon, tag, ANN, desk.now)
    run, batch_id = desk.ledger.run_sync, seen(desk, tag).batch_id
    settled = run(advancing.settle, batch_id, desk.now, own_progress=False)
    batch = run(batches.get, batch_id)
    look_at = desk.now + timedelta(minutes=15)
    run(advancing.schedule, batch, look_at, "given up", stepped_at=desk.now)

    before = run(batches.looked_for, batch.campaign_id, look_at - timedelta(seconds=1))
    then = run(batches.looked_for, batch.campaign_id, look_at)

    assert settled.state is BatchState.REJECTED
    assert before == []
    assert then == [batch_id]


def test_what_dials_already_counts_and_what_still_waits_for_its_start_is_stopped(
    desk: Desk,
) -> None:
    (tag,) = in_doubt(desk)
    accept(desk, tag, "B")
    waits = Found(provider_batch_id="B", created_at=desk.now, dialling=False)
    rings = Found(provider_batch_id="A", created_at=desk.now - timedelta(hours=1))

    desk.ledger.run_sync(adopting.found_again, tag, [rings, waits], desk.now, two_phase=False)

    (ref,) = to_stop(desk, tag)
    assert seen(desk, tag).provider_batch_id == "A"
    assert [one.provider_batch_id for one in ref.submissions] == ["B"]


def test_of_single_calls_too_the_one_that_dials_already_counts(desk: Desk) -> None:
    (tag,) = in_doubt(desk)
    (attempt,) = desk.attempts(tag=tag)
    key = attempt["key"]
    accept(desk, tag, tag, call_ids={key: "waits"})
    rings = Found(provider_batch_id=tag, call_ids={key: "rings"})
    waits = Found(provider_batch_id=tag, call_ids={key: "waits"}, dialling=False)

    desk.ledger.run_sync(adopting.found_again, tag, [rings, waits], desk.now, two_phase=False)

    (ref,) = to_stop(desk, tag)
    assert ref.open_calls == {"waits": key}


def test_a_single_call_that_was_over_before_it_counted_is_read_singly_and_decides(
    desk: Desk,
) -> None:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    (tag,) = batch.tags
    key = desk.attempts(tag=tag)[0]["key"]
    sent(desk, tag)
    accept(desk, tag, tag, call_ids={key: "waits"})
    rang = listed(desk.call(key, Outcome.NO_ANSWER, id="rang"))
    desk.page(batch, [rang], own_only=False)
    desk.later(minutes=1)
    rings = Found(provider_batch_id=tag, call_ids={key: "rang"})
    waits = Found(provider_batch_id=tag, call_ids={key: "waits"}, dialling=False)

    desk.ledger.run_sync(adopting.found_again, tag, [rings, waits], desk.now, two_phase=False)

    assert desk.ledger.run_sync(due_details, batch.batch_id, desk.now) == ["rang"]
    desk.detail(batch, "rang", rang)
    (attempt,) = desk.attempts(tag=tag)
    assert (attempt["state"], attempt["outcome"]) == ("done", "no_answer")


def callable_(_candidate: Candidate) -> Ruling:
    return Ruling.call()


def test_what_was_vouched_for_and_refused_then_is_looked_for_at_the_times_of_the_late_sweeps(
    desk: Desk,
) -> None:
    tag = refused(desk)

    moments = list[timedelta]()
    begun = desk.now
    while (due_at := seen(desk, tag).due_at) is not None:
        assert next_due(desk, tag) == due_at
        moments.append(due_at - begun)
        desk.now = due_at
        desk.ledger.run_sync(doubting.look_later, tag, desk.now)
    assert moments == [timedelta(minutes=15), *(timedelta(hours=hours) for hours in (2, 24, 72))]
    assert settle(desk, tag) is BatchState.REJECTED


def test_what_was_refused_at_once_is_not_looked_for(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    (tag,) = batch.tags
    epoch = claimed(desk, tag)

    assert desk.ledger.run_sync(deciding.reject, tag, epoch, desk.now, reason="no", status=400)
    assert next_due(desk, tag) is None


def test_what_was_vouched_for_and_called_off_then_is_looked_for(desk: Desk) -> None:
    tag = called_off(desk)

    assert next_due(desk, tag) == desk.now + timedelta(minutes=15)
    reference = desk.ledger.run_sync(submissions.reference, tag)
    assert reference.keys == {row["key"] for row in desk.attempts(tag=tag)}


def test_what_was_never_sent_and_is_called_off_is_not_looked_for(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    (tag,) = batch.tags

    assert desk.ledger.run_sync(screening.call_off, tag, desk.now, Ruling.skip("cancelled"))
    assert next_due(desk, tag) is None


def test_a_first_request_whose_second_was_refused_counts_and_is_stopped(desk: Desk) -> None:
    tag = refused(desk)

    assert adopt(desk, tag, Found(provider_batch_id="A"))
    (ref,) = to_stop(desk, tag)
    assert [one.provider_batch_id for one in ref.submissions] == ["A"]
    assert desk.incidents() == ["duplicate_submission"]
    assert desk.ledger.run_sync(surplus.batches_beside, seen(desk, tag).batch_id) == []
    assert settle(desk, tag) is BatchState.COLLECTING


def test_a_first_request_of_single_calls_is_stopped_by_the_calls_that_are_not_over(
    desk: Desk,
) -> None:
    tag = refused(desk, people=2)
    over, waits = (row["key"] for row in desk.attempts(tag=tag))
    batch = planned(desk, tag)
    desk.page(batch, [listed(desk.call(over, Outcome.NO_ANSWER, id="call-1"))], own_only=False)

    calls = {over: "call-1", waits: "call-2"}
    assert adopt(desk, tag, Found(provider_batch_id=tag, call_ids=calls))
    (ref,) = to_stop(desk, tag)
    assert ref.open_calls == {"call-2": waits}


@pytest.mark.parametrize("to_nothing", [refused, called_off, given_up])
def test_of_what_came_to_nothing_every_call_that_turns_up_later_is_stopped_too(
    to_nothing: Callable[[Desk, int], str], desk: Desk
) -> None:
    tag = to_nothing(desk, 2)
    first, second = (row["key"] for row in desk.attempts(tag=tag))
    found = Found(provider_batch_id=tag, call_ids={first: "call-1"})
    assert adopt(desk, tag, found)
    desk.ledger.run_sync(surplus.stopped, tag, "call-1", desk.now)
    assert next_due(desk, tag) == desk.later(minutes=15)
    assert desk.ledger.run_sync(submissions.reference, tag).keys == {first, second}

    both = Found(provider_batch_id=tag, call_ids={first: "call-1", second: "call-2"})
    desk.ledger.run_sync(adopting.found_again, tag, [both], desk.now, two_phase=False)

    (ref,) = to_stop(desk, tag)
    assert ref.open_calls == {"call-2": second}
    assert desk.incidents() == ["duplicate_submission"] * 2


def test_of_what_came_to_nothing_a_late_yes_that_names_more_calls_has_them_stopped(
    desk: Desk,
) -> None:
    tag = given_up(desk, people=2)
    first, second = (row["key"] for row in desk.attempts(tag=tag))
    adopt(desk, tag, Found(provider_batch_id=tag, call_ids={first: "call-1"}))

    assert accept(desk, tag, tag, call_ids={first: "call-1", second: "call-2"})

    assert [ref.open_calls for ref in to_stop(desk, tag)] == [{"call-1": first}, {"call-2": second}]


def test_of_what_is_wanted_no_call_that_turns_up_later_is_stopped(desk: Desk) -> None:
    tag = second_request(desk, 2)
    first, second = (row["key"] for row in desk.attempts(tag=tag))
    claimed(desk, tag)
    accept(desk, tag, tag, call_ids={first: "call-1"})

    both = Found(provider_batch_id=tag, call_ids={first: "call-1", second: "call-2"})
    desk.ledger.run_sync(adopting.found_again, tag, [both], desk.now, two_phase=False)

    assert to_stop(desk, tag) == []
    assert desk.incidents() == []


def test_a_late_yes_to_what_was_refused_the_second_time_is_stopped_and_collected(
    desk: Desk,
) -> None:
    tag = refused(desk)

    assert accept(desk, tag, "A")
    assert len(to_stop(desk, tag)) == 1
    assert seen(desk, tag).state is SubmissionState.ACCEPTED
    assert batch_of(desk, tag).due_at == desk.now


def test_a_late_yes_to_a_request_that_rings_nobody_brings_no_refused_one_back(desk: Desk) -> None:
    tag = refused(desk)
    receipt = Receipt(provider_batch_id="job-1")

    desk.ledger.run_sync(accepting.accept, tag, receipt, desk.now, dials=False)

    assert seen(desk, tag).state is SubmissionState.REJECTED
    assert to_stop(desk, tag) == []


def test_another_first_request_does_not_take_the_place_of_one_that_is_stopped(desk: Desk) -> None:
    tag = refused(desk)
    waits = Found(provider_batch_id="A", created_at=desk.now, dialling=False)
    rings = Found(provider_batch_id="B", created_at=desk.now)
    adopt(desk, tag, waits)

    desk.ledger.run_sync(adopting.found_again, tag, [waits, rings], desk.now, two_phase=False)

    assert seen(desk, tag).provider_batch_id == "A"
    assert len(to_stop(desk, tag)) == 2


def test_a_first_request_that_was_stopped_before_it_rang_leaves_its_people_to_be_called(
    desk: Desk,
) -> None:
    tag = refused(desk)
    (attempt,) = desk.attempts(tag=tag)
    adopt(desk, tag, Found(provider_batch_id="A"))
    stopped = desk.call(attempt["key"], Outcome.CANCELLED, started_at=None)

    desk.page(planned(desk, tag), [listed(stopped)])

    (attempt,) = desk.attempts(tag=tag)
    assert (attempt["state"], attempt["dialled_at"]) == ("failed", None)
    assert [one["state"] for one in desk.recipients()] == ["ready"]
    assert desk.incidents() == ["duplicate_submission"]


def test_a_submission_whose_last_member_was_decided_by_a_call_is_adopted_and_looked_for(
    desk: Desk,
) -> None:
    tag = second_request(desk)
    (attempt,) = desk.attempts(tag=tag)
    desk.page(planned(desk, tag), [listed(desk.call(attempt["key"]))], own_only=False)

    assert desk.ledger.run_sync(screening.drop_uncallable, tag, desk.now, callable_) == 0

    assert seen(desk, tag).state is SubmissionState.ACCEPTED
    assert next_due(desk, tag) == desk.now + timedelta(minutes=15)
    assert [one["state"] for one in desk.attempts(tag=tag)] == ["done"]
    assert to_stop(desk, tag) == []
