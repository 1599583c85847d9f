"""Calls of a batch that should not be: what they decide, and when they count after all."""

from typing import Any

import pytest

from campaign.calls import Call, Found, ListedCall, Page, Receipt
from campaign.words import Outcome, Progress
from store import suppressions
from store.batches import advancing
from store.calls import due_details, save_beside
from store.decisions.adopting import adopt_call
from store.decisions.holding import Decider
from store.planning.draft import PlannedBatch
from store.submissions import accepting, exchanging
from tests.store.desk import Desk, listed

SURPLUS = "surplus-call"


def accepted_twice(desk: Desk) -> PlannedBatch:
    """A batch with one person that its provider has a second time, as `B`."""
    batch = desk.placed(people=1)
    also_accepted(desk, batch, "B")
    return batch


def also_accepted(desk: Desk, batch: PlannedBatch, name: str) -> None:
    receipt = Receipt(provider_batch_id=name)
    assert not desk.ledger.run_sync(accepting.accept, tag(batch), receipt, desk.now, dials=True)


def tag(batch: PlannedBatch) -> str:
    (one,) = batch.tags
    return one


def call(desk: Desk, outcome: Outcome, call_id: str, **changes: Any) -> Call:
    return desk.call(desk.attempts()[0]["key"], outcome, id=call_id, **changes)


def beside(desk: Desk, batch: PlannedBatch, *rows: ListedCall) -> None:
    """The surplus's list shows some calls."""
    said: dict[str, Any] = {"now": desk.now, "policy": desk.policy, "own_only": True}
    desk.ledger.run_sync(save_beside, batch.batch_id, Page(calls=rows), **said)


def read_singly(desk: Desk, batch: PlannedBatch, said: Call) -> None:
    assert said.id in desk.ledger.run_sync(due_details, batch.batch_id, desk.now)
    assert desk.detail(batch, said.id, listed(said, "detail"))


def exchanged(desk: Desk, batch: PlannedBatch, *, to: str) -> None:
    """What counted so far still waits, while another one under its tag dials."""
    (row,) = desk.rows("submission", "tag", tag=tag(batch))
    waits = Found(provider_batch_id=row["provider_batch_id"], dialling=False)
    rings = Found(provider_batch_id=to)
    desk.ledger.run_sync(exchanging.change_places, tag(batch), waits, rings, desk.now)
    (row,) = desk.rows("submission", "tag", tag=tag(batch))
    assert row["provider_batch_id"] == to


def attempt(desk: Desk) -> tuple[str, str | None, str | None]:
    (row,) = desk.attempts()
    return row["state"], row["outcome"], row["provider_call_id"]


WAITS = ("submitted", None, None)


def test_the_single_read_of_a_surplus_call_that_was_stopped_ends_no_attempt(desk: Desk) -> None:
    batch = accepted_twice(desk)
    stopped = call(desk, Outcome.CANCELLED, SURPLUS)
    own = call(desk, Outcome.NO_ANSWER, "own-call")
    beside(desk, batch, listed(call(desk, Outcome.CANCELLED, SURPLUS, needs_detail=True)))

    read_singly(desk, batch, stopped)

    assert attempt(desk) == WAITS
    assert desk.plan(desk.campaign(1, "other").id) is None
    desk.page(batch, [listed(own)])
    assert attempt(desk) == ("done", "no_answer", "own-call")
    assert desk.incidents() == ["duplicate_submission"]


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ANSWERED])
def test_a_surplus_call_that_is_not_over_does_not_stand_in_the_place_of_the_own_one(
    outcome: Outcome, desk: Desk
) -> None:
    batch = accepted_twice(desk)
    rings = call(desk, outcome, SURPLUS, over=False, needs_detail=True, ended_at=None)
    beside(desk, batch, listed(rings))

    read_singly(desk, batch, rings)

    assert attempt(desk) == WAITS
    desk.page(batch, [listed(call(desk, Outcome.BUSY, "own-call"))])
    assert attempt(desk) == ("submitted", None, "own-call")
    beside(desk, batch, listed(call(desk, Outcome.NO_ANSWER, SURPLUS), 2))
    assert attempt(desk) == ("done", "busy", "own-call")


def test_the_single_read_of_a_surplus_call_tells_whom_it_reached(desk: Desk) -> None:
    batch = accepted_twice(desk)
    beside(desk, batch, listed(call(desk, Outcome.UNKNOWN, SURPLUS, needs_detail=True)))

    read_singly(desk, batch, call(desk, Outcome.ANSWERED, SURPLUS))

    assert attempt(desk) == ("done", "answered", SURPLUS)
    assert desk.recipients()[0]["state"] == "reached"


def test_the_single_read_of_a_surplus_call_tells_who_wants_no_more_calls(desk: Desk) -> None:
    batch = accepted_twice(desk)
    (person,) = desk.recipients()
    beside(desk, batch, listed(call(desk, Outcome.VOICEMAIL, SURPLUS, needs_detail=True)))

    read_singly(desk, batch, call(desk, Outcome.VOICEMAIL, SURPLUS, opted_out=True))

    assert desk.ledger.run_sync(suppressions.contains, person["phone_number"])


def test_a_surplus_call_does_not_change_the_verdict_of_the_own_one(desk: Desk) -> None:
    batch = accepted_twice(desk)
    own = call(desk, Outcome.BUSY, "own-call")
    desk.page(batch, [listed(own)])
    desk.later(minutes=5)
    beside(desk, batch, listed(call(desk, Outcome.CANCELLED, SURPLUS)))

    desk.page(batch, [listed(call(desk, Outcome.BUSY, "own-call", transcript="late"), 2)])

    assert attempt(desk) == ("done", "busy", "own-call")


def test_a_call_of_a_surplus_that_counts_by_now_decides_once_it_is_listed(desk: Desk) -> None:
    batch = accepted_twice(desk)
    row = listed(call(desk, Outcome.NO_ANSWER, SURPLUS))
    beside(desk, batch, row)
    assert attempt(desk) == WAITS

    exchanged(desk, batch, to="B")
    saved = desk.page(batch, [row])

    assert attempt(desk) == ("done", "no_answer", SURPLUS)
    assert (saved.new, saved.changed) == (0, 1)
    assert desk.page(batch, [row]).changed == 0


def test_a_call_of_a_surplus_that_counts_by_now_is_read_again_and_decides(desk: Desk) -> None:
    batch = accepted_twice(desk)
    row = listed(call(desk, Outcome.UNKNOWN, SURPLUS, needs_detail=True))
    detail = call(desk, Outcome.VOICEMAIL, SURPLUS)
    beside(desk, batch, row)
    read_singly(desk, batch, detail)

    exchanged(desk, batch, to="B")
    desk.page(batch, [row])
    read_singly(desk, batch, detail)

    assert attempt(desk) == ("done", "voicemail", SURPLUS)


def test_what_counted_before_decides_nothing_once_another_counts(desk: Desk) -> None:
    batch = accepted_twice(desk)
    queued = call(desk, Outcome.UNKNOWN, "queued", over=False, needs_detail=True, ended_at=None)
    desk.page(batch, [listed(queued)])
    assert attempt(desk) == ("submitted", None, "queued")

    exchanged(desk, batch, to="B")
    beside(desk, batch, listed(call(desk, Outcome.CANCELLED, "queued", needs_detail=True), 2))
    read_singly(desk, batch, call(desk, Outcome.CANCELLED, "queued"))

    assert attempt(desk) == WAITS
    desk.page(batch, [listed(call(desk, Outcome.BUSY, "rings"))])
    assert attempt(desk) == ("done", "busy", "rings")
    assert "duplicate_call" not in desk.incidents()


def test_calls_of_a_third_batch_decide_nothing_when_the_second_counts(desk: Desk) -> None:
    batch = accepted_twice(desk)
    also_accepted(desk, batch, "C")
    third = call(desk, Outcome.CANCELLED, "third", needs_detail=True)
    beside(desk, batch, listed(third))

    exchanged(desk, batch, to="B")
    beside(desk, batch, listed(third))
    read_singly(desk, batch, call(desk, Outcome.CANCELLED, "third"))

    assert attempt(desk) == WAITS


def test_a_page_that_was_read_before_another_counted_is_refused(desk: Desk) -> None:
    batch = accepted_twice(desk)
    before = desk.row("SELECT round FROM batch WHERE id = :id", id=batch.batch_id)["round"]

    exchanged(desk, batch, to="B")
    rows = [listed(call(desk, Outcome.CANCELLED, "queued"))]
    saved = desk.page(batch, rows, round_before=before)

    assert not saved.advanced
    assert attempt(desk) == WAITS


def held(desk: Desk) -> PlannedBatch:
    """The provider is over with a batch and lists nobody; beside it a call was stopped."""
    batch = accepted_twice(desk)
    beside(desk, batch, listed(call(desk, Outcome.CANCELLED, SURPLUS)))
    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.COMPLETED, desk.now)
    for _ in range(3):
        desk.later(minutes=11)
        desk.page(batch, [])
    desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=False)
    return batch


def test_a_surplus_call_is_no_verdict_on_whom_the_provider_says_nothing_about(desk: Desk) -> None:
    held(desk)

    assert attempt(desk) == ("held", None, None)
    assert "lists no call" in desk.recipients()[0]["reason"]


def stopped(desk: Desk) -> PlannedBatch:
    """A batch that its provider has twice, and that was stopped before it dialled anybody."""
    batch = accepted_twice(desk)
    desk.ledger.run_sync(advancing.ask_stop_of, batch.batch_id, desk.now)
    desk.ledger.run_sync(advancing.stopped, batch.batch_id, desk.now)
    desk.later(minutes=1)
    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.CANCELLED, desk.now)
    return batch


def swept(desk: Desk, batch: PlannedBatch, *, hours: float = 0.5) -> None:
    """Whole sweeps of what counts show nobody, for long enough to be believed."""
    for _ in range(3):
        desk.later(hours=hours / 3)
        desk.page(batch, [])
    desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=False)


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.FAILED, Outcome.CANCELLED])
def test_whom_a_surplus_call_may_have_rung_is_not_freed_as_never_dialled(
    outcome: Outcome, desk: Desk
) -> None:
    batch = stopped(desk)
    # One that was cancelled had begun: its telephone may have rung until then.
    beside(desk, batch, listed(call(desk, outcome, SURPLUS)))

    swept(desk, batch)

    assert attempt(desk) == ("held", None, None)
    assert desk.attempts()[0]["dialled_at"] is not None
    assert desk.recipients()[0]["state"] == "held"
    assert desk.plan(desk.campaign(1, "other").id) is None


def test_whom_a_surplus_call_is_talking_to_is_waited_for(desk: Desk) -> None:
    batch = stopped(desk)
    talks = call(desk, Outcome.UNKNOWN, SURPLUS, over=False, ended_at=None)
    beside(desk, batch, listed(talks))

    swept(desk, batch)
    assert attempt(desk) == WAITS

    swept(desk, batch, hours=24)
    assert attempt(desk) == ("held", None, None)


def test_whom_a_surplus_call_is_talking_to_is_waited_for_although_the_own_one_is_over(
    desk: Desk,
) -> None:
    batch = stopped(desk)
    talks = call(desk, Outcome.UNKNOWN, SURPLUS, over=False, ended_at=None)
    beside(desk, batch, listed(talks))
    own = call(desk, Outcome.UNKNOWN, "own-call", missing=frozenset({"outcome"}))
    desk.page(batch, [listed(own)])

    swept(desk, batch)
    assert attempt(desk) == ("submitted", None, "own-call")

    beside(desk, batch, listed(call(desk, Outcome.NO_ANSWER, SURPLUS), 2))
    swept(desk, batch)
    assert attempt(desk) == ("done", "unknown", "own-call")


def test_whom_no_call_rang_is_freed_although_a_surplus_call_was_stopped(desk: Desk) -> None:
    batch = stopped(desk)
    never_began = call(desk, Outcome.CANCELLED, SURPLUS, started_at=None, ended_at=None)
    beside(desk, batch, listed(never_began))

    swept(desk, batch)

    assert attempt(desk) == ("failed", "cancelled", None)
    assert desk.attempts()[0]["dialled_at"] is None
    assert desk.recipients()[0]["state"] == "ready"


def test_a_surplus_call_that_a_person_adopts_decides(desk: Desk) -> None:
    held(desk)
    row = listed(call(desk, Outcome.CANCELLED, SURPLUS))
    ann = Decider(actor="Ann", reason="that was theirs")

    key = desk.attempts()[0]["key"]
    assert desk.ledger.run_sync(adopt_call, key, row, ann, desk.now)

    assert attempt(desk) == ("done", "cancelled", SURPLUS)


def never_dialled(desk: Desk) -> ListedCall:
    """The own call as a provider lists it that was told to stop before it dialled."""
    return listed(call(desk, Outcome.CANCELLED, "own-call", started_at=None, ended_at=None))


def test_whom_a_surplus_call_is_talking_to_is_not_freed_by_the_own_one_that_was_cancelled(
    desk: Desk,
) -> None:
    batch = stopped(desk)
    talks = call(desk, Outcome.UNKNOWN, SURPLUS, over=False, ended_at=None)
    beside(desk, batch, listed(talks))

    desk.page(batch, [never_dialled(desk)])

    assert attempt(desk) == ("submitted", None, "own-call")
    assert desk.plan(desk.campaign(1, "other").id) is None
    swept(desk, batch)
    assert attempt(desk) == ("submitted", None, "own-call")

    beside(desk, batch, listed(call(desk, Outcome.NO_ANSWER, SURPLUS), 2))
    assert attempt(desk) == ("done", "no_answer", "own-call")
    assert desk.attempts()[0]["dialled_at"] is not None
    assert desk.attempts()[0]["reason"] == ""


def test_whom_a_surplus_call_never_let_go_is_held_after_a_day(desk: Desk) -> None:
    batch = stopped(desk)
    beside(desk, batch, listed(call(desk, Outcome.UNKNOWN, SURPLUS, over=False, ended_at=None)))
    desk.page(batch, [never_dialled(desk)])

    swept(desk, batch, hours=25)

    assert attempt(desk) == ("held", None, "own-call")
    assert "never said that the call has ended" in desk.recipients()[0]["reason"]


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.CANCELLED])
def test_a_surplus_call_that_rang_decides_where_the_own_one_never_did(
    outcome: Outcome, desk: Desk
) -> None:
    batch = stopped(desk)
    beside(desk, batch, listed(call(desk, outcome, SURPLUS)))

    desk.page(batch, [never_dialled(desk)])

    assert attempt(desk)[:2] == ("done", outcome.value)
    assert desk.attempts()[0]["dialled_at"] is not None


def test_the_single_read_of_a_surplus_call_decides_where_the_own_one_never_rang(desk: Desk) -> None:
    batch = stopped(desk)
    beside(desk, batch, listed(call(desk, Outcome.UNKNOWN, SURPLUS, needs_detail=True)))
    desk.page(batch, [never_dialled(desk)])
    assert attempt(desk) == ("submitted", None, "own-call")

    read_singly(desk, batch, call(desk, Outcome.NO_ANSWER, SURPLUS))

    assert attempt(desk) == ("done", "no_answer", "own-call")


def test_a_surplus_that_nothing_was_heard_of_may_ring_whom_the_own_call_never_did(
    desk: Desk,
) -> None:
    batch = stopped(desk)

    desk.page(batch, [never_dialled(desk)])
    assert attempt(desk) == ("submitted", None, "own-call")

    swept(desk, batch)
    assert attempt(desk) == ("done", "cancelled", "own-call")


def test_a_cancelled_call_of_what_is_there_once_is_a_verdict_at_once(desk: Desk) -> None:
    batch = desk.placed(people=1)

    desk.page(batch, [never_dialled(desk)])

    assert attempt(desk) == ("done", "cancelled", "own-call")


def test_a_surplus_call_that_rang_whom_nobody_had_dialled_counts_as_a_try(desk: Desk) -> None:
    batch = stopped(desk)
    swept(desk, batch)
    assert attempt(desk) == ("failed", "cancelled", None)

    beside(desk, batch, listed(call(desk, Outcome.NO_ANSWER, SURPLUS)))

    assert desk.attempts()[0]["dialled_at"] is not None
    assert "unexpected_call" in desk.incidents()
