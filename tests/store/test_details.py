from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from campaign.calls import Call, ListedCall
from campaign.words import Outcome
from store import suppressions
from store.calls import due_details
from store.calls.reading import PATIENCE
from store.planning.draft import PlannedBatch
from tests.store.desk import NOON, Desk, listed, number, unreadable


def due(desk: Desk, batch: PlannedBatch, now: datetime | None = None) -> list[str]:
    return desk.ledger.run_sync(due_details, batch.batch_id, now or desk.now)


def poor(desk: Desk, batch: PlannedBatch) -> Call:
    """A call of which the list tells little."""
    (call,) = desk.calls(batch)
    return replace(call, needs_detail=True, outcome=Outcome.UNKNOWN, ended_reason="")


def test_a_call_that_the_list_tells_too_little_of_is_read_singly_before_it_counts(
    desk: Desk,
) -> None:
    batch = desk.placed(people=1)
    call = poor(desk, batch)
    desk.page(batch, [listed(call)])
    assert desk.attempts()[0]["state"] == "submitted"
    assert due(desk, batch) == [call.id]

    rich = replace(call, outcome=Outcome.ANSWERED, transcript="agent: hi", needs_detail=False)
    assert desk.detail(batch, call.id, listed(rich, "detail"))

    (stored,) = desk.stored()
    assert (stored["outcome"], stored["transcript"]) == ("answered", "agent: hi")
    assert bytes(stored["raw_detail"]) == listed(rich, "detail").raw
    assert bytes(stored["raw"]) == listed(call).raw
    assert desk.attempts()[0]["state"] == "done"
    assert desk.recipients()[0]["state"] == "reached"
    assert due(desk, batch) == []


def test_what_the_detail_lacks_stays_as_the_list_had_it(desk: Desk) -> None:
    batch = desk.placed(people=1)
    call = replace(
        poor(desk, batch), outcome=Outcome.BUSY, cost_usd=Decimal("0.1"), ended_reason="busy"
    )
    desk.page(batch, [listed(call)])

    desk.detail(
        batch, call.id, listed(desk.call(None, Outcome.UNKNOWN, id=call.id, ended_reason=""))
    )

    (stored,) = desk.stored()
    assert (stored["outcome"], stored["ended_reason"]) == ("busy", "busy")
    assert Decimal(str(stored["cost_usd"])) == Decimal("0.1")


def test_a_list_that_goes_on_telling_little_does_not_undo_the_detail(desk: Desk) -> None:
    batch = desk.placed(people=1)
    call = poor(desk, batch)
    desk.page(batch, [listed(call)])
    rich = replace(call, outcome=Outcome.ANSWERED, transcript="agent: hi", needs_detail=False)
    desk.detail(batch, call.id, listed(rich, "detail"))

    saved = desk.page(batch, [listed(replace(call, outcome=Outcome.FAILED), 2)])

    assert saved.changed == 0
    assert desk.stored()[0]["outcome"] == "answered"
    assert desk.recipients()[0]["state"] == "reached"
    assert due(desk, batch) == []


def test_a_late_field_is_asked_for_less_and_less_often_and_then_given_up(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    call = replace(call, missing=frozenset({"cost"}))
    desk.page(batch, [listed(call)])
    assert desk.attempts()[0]["state"] == "done"
    assert due(desk, batch) == [call.id]

    for pause in PATIENCE:
        desk.detail(batch, call.id, listed(call, "detail"))
        assert due(desk, batch, desk.now + pause - timedelta(seconds=1)) == []
        desk.now += pause
        assert due(desk, batch) == [call.id]
        assert desk.stored()[0]["missing"] == "cost"
    desk.detail(batch, call.id, listed(call, "detail"))

    assert due(desk, batch, desk.now + timedelta(days=365)) == []
    assert desk.stored()[0]["missing"] == ""


def test_a_field_that_was_given_up_is_not_waited_for_again_because_a_row_was_renewed(
    desk: Desk,
) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    call = replace(call, missing=frozenset({"recording"}))
    desk.page(batch, [listed(call)])
    for _ in range(len(PATIENCE) + 1):
        desk.detail(batch, call.id, None)

    desk.page(batch, [listed(call, "renewed")])

    assert due(desk, batch, desk.now + timedelta(days=365)) == []
    assert desk.stored()[0]["missing"] == ""


def test_a_late_field_that_comes_ends_the_waiting(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(replace(call, missing=frozenset({"cost", "recording"})))])

    paid = replace(call, cost_usd=Decimal("0.2"), missing=frozenset({"recording"}))
    desk.detail(batch, call.id, listed(paid, "detail"))
    assert desk.stored()[0]["missing"] == "recording"

    desk.page(batch, [listed(replace(call, recording_url="https://example.com/r"), 2)])
    assert desk.stored()[0]["missing"] == ""
    assert Decimal(str(desk.stored()[0]["cost_usd"])) == Decimal("0.2")
    assert due(desk, batch, desk.now + timedelta(days=1)) == []


def test_an_attempt_waits_for_an_outcome_that_is_still_to_come(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(replace(call, missing=frozenset({"outcome"})))])
    assert desk.attempts()[0]["state"] == "submitted"

    desk.detail(batch, call.id, listed(replace(call, outcome=Outcome.VOICEMAIL), "detail"))

    assert desk.attempts()[0]["outcome"] == "voicemail"


def test_an_outcome_that_never_comes_is_taken_as_it_is_in_the_end(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.NO_ANSWER)
    desk.page(batch, [listed(replace(call, missing=frozenset({"outcome"})))])

    for _ in range(len(PATIENCE) + 1):
        assert desk.attempts()[0]["state"] == "submitted"
        desk.detail(batch, call.id, None)

    assert desk.attempts()[0]["outcome"] == "no_answer"


def test_a_detail_that_cannot_be_read_is_kept_and_counts_as_a_try(desk: Desk) -> None:
    batch = desk.placed(people=1)
    call = poor(desk, batch)
    desk.page(batch, [listed(call)])

    desk.detail(batch, call.id, unreadable("<html>"))

    assert [bytes(row["raw"]) for row in desk.rows("unread_row", "id")] == [b"<html>"]
    assert desk.stored()[0]["raw_detail"] is None
    assert desk.attempts()[0]["state"] == "submitted"
    assert due(desk, batch) == []
    assert due(desk, batch, NOON + PATIENCE[0]) == [call.id]


def test_earlier_single_reads_are_kept_byte_for_byte(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(replace(call, missing=frozenset({"cost"})))])

    desk.detail(batch, call.id, listed(replace(call, missing=frozenset({"cost"})), "first"))
    desk.detail(batch, call.id, listed(replace(call, cost_usd=Decimal(1)), "second"))

    assert bytes(desk.stored()[0]["raw_detail"]) == listed(call, "second").raw
    assert [bytes(row["raw"]) for row in desk.rows("call_version", "seen_at")] == [
        listed(call, "first").raw
    ]


def test_a_call_that_runs_is_read_singly_only_if_the_list_lacks_something(desk: Desk) -> None:
    batch = desk.placed(people=2)
    first, second = desk.calls(batch, Outcome.UNKNOWN)
    running = replace(first, over=False, missing=frozenset({"cost"}))
    lacking = replace(second, over=False, needs_detail=True)

    desk.page(batch, [listed(running), listed(lacking)])
    assert due(desk, batch) == [lacking.id]

    over = replace(lacking, over=True, outcome=Outcome.ANSWERED, needs_detail=False)
    desk.detail(batch, lacking.id, listed(over, "detail"))
    assert desk.attempts()[1]["state"] == "done"


def test_the_detail_of_a_call_that_is_not_of_the_batch_changes_nothing(desk: Desk) -> None:
    batch = desk.placed(people=1)

    assert not desk.detail(batch, "unheard of", ListedCall(raw=b"{}", call=desk.call("k")))
    assert desk.stored() == []


def test_due_calls_come_in_the_order_of_their_waiting_and_no_more_than_asked(desk: Desk) -> None:
    batch = desk.placed(people=3)
    calls = [replace(call, needs_detail=True) for call in desk.calls(batch)]
    for call in reversed(calls):
        desk.later(seconds=1)
        desk.page(batch, [listed(call)])

    found = desk.ledger.run_sync(due_details, batch.batch_id, desk.now, limit=2)

    assert found == [calls[2].id, calls[1].id]


def test_an_orphan_that_only_the_single_read_knows_to_want_no_more_calls_is_suppressed(
    desk: Desk,
) -> None:
    batch = desk.placed(people=1)
    stranger = number(50)
    orphan = desk.call(None, id="orphan", needs_detail=True)
    desk.page(batch, [listed(orphan)])

    read = replace(orphan, to=stranger, needs_detail=False, opted_out=True)
    desk.detail(batch, "orphan", listed(read, "detail"))

    assert desk.stored(provider_call_id="orphan")[0]["recipient_id"] is None
    assert desk.ledger.run_sync(suppressions.contains, stranger)


def read_as_unanswered(desk: Desk) -> tuple[PlannedBatch, Call, Call]:
    """A batch, its only call as it was read singly, and its row in the list."""
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.NO_ANSWER)
    row = replace(call, needs_detail=True)
    desk.page(batch, [listed(row)])
    desk.detail(batch, call.id, listed(call, "detail"))
    return batch, call, row


def test_a_row_of_somebody_reached_after_all_has_the_call_read_singly_once_more(
    desk: Desk,
) -> None:
    batch, call, row = read_as_unanswered(desk)
    assert desk.attempts()[0]["outcome"] == "no_answer"

    news = replace(row, outcome=Outcome.ANSWERED)
    desk.page(batch, [listed(news, 2)])
    assert due(desk, batch) == [call.id]
    assert desk.attempts()[0]["outcome"] == "no_answer"

    desk.detail(batch, call.id, listed(replace(call, outcome=Outcome.ANSWERED), "detail 2"))
    assert desk.attempts()[0]["outcome"] == "answered"
    assert desk.recipients()[0]["state"] == "reached"
    desk.page(batch, [listed(news, 2)])
    desk.page(batch, [listed(news, 3)])
    assert due(desk, batch) == []


def test_a_row_that_goes_on_saying_the_opposite_is_believed_no_more_than_the_single_read(
    desk: Desk,
) -> None:
    batch, call, row = read_as_unanswered(desk)

    contrary = listed(replace(row, outcome=Outcome.ANSWERED), 2)
    desk.page(batch, [contrary])
    desk.detail(batch, call.id, listed(call, "detail"))
    desk.page(batch, [contrary])

    assert due(desk, batch) == []
    assert desk.attempts()[0]["outcome"] == "no_answer"
