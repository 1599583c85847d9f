import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from campaign.calls import ListedCall
from campaign.spec import Policy
from campaign.words import AnsweredBy, Outcome
from store import suppressions
from store.calls import PageSaved
from store.ledger import Ledger
from tests.store.desk import NOON, Desk, listed, number, unreadable


def test_a_finished_call_closes_its_attempt_and_its_person(desk: Desk) -> None:
    batch = desk.placed(people=2)
    answered, missed = desk.calls(batch)
    missed = replace(missed, outcome=Outcome.INVALID_NUMBER)

    saved = desk.page(batch, [listed(answered), listed(missed)])

    assert saved == PageSaved(new=2, advanced=True)
    assert [(row["state"], row["outcome"]) for row in desk.attempts()] == [
        ("done", "answered"),
        ("done", "invalid_number"),
    ]
    assert [(row["state"], row["reason"]) for row in desk.recipients()] == [
        ("reached", "answered"),
        ("not_reached", "invalid_number"),
    ]
    assert {row["provider_call_id"] for row in desk.attempts()} == {answered.id, missed.id}


def test_everything_that_a_provider_tells_is_kept(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    call = replace(
        call,
        answered_by=AnsweredBy.HUMAN,
        cost_usd=Decimal("0.0825"),
        transcript="agent: hello\nperson: hello ☎",
        recording_url="https://example.com/r.mp3",
        analysis='{"mood": "good"}',
        missing=frozenset({"cost", "transcript"}),
    )
    row = listed(call)

    desk.page(batch, [row])

    (stored,) = desk.stored()
    assert bytes(stored["raw"]) == row.raw
    assert stored["transcript"] == call.transcript
    assert Decimal(str(stored["cost_usd"])) == call.cost_usd
    assert stored["recording_url"] == call.recording_url
    assert stored["analysis"] == call.analysis
    assert stored["answered_by"] == "human"
    assert stored["duration_seconds"] == 30.0
    assert stored["missing"] == ""
    assert stored["tag"] == batch.tags[0]
    assert stored["version"] == 1


def test_a_page_that_was_saved_before_is_refused_and_writes_nothing(desk: Desk) -> None:
    batch = desk.placed(people=2)
    first, second = desk.calls(batch)
    assert desk.page(batch, [listed(first)], next="page 2").advanced

    late = desk.page(batch, [listed(second)], cursor_before=None, next="page 2")

    assert late == PageSaved(advanced=False)
    assert [row["provider_call_id"] for row in desk.stored()] == [first.id]
    assert desk.row("SELECT cursor FROM batch")["cursor"] == "page 2"


def test_of_runners_that_save_the_same_page_at_once_one_wins(database_url: str, desk: Desk) -> None:
    batch = desk.placed(people=20)
    rows = [listed(call) for call in desk.calls(batch)]
    barrier = threading.Barrier(4)
    advanced: list[bool] = []

    def save() -> None:
        with Ledger.open(database_url) as ledger:
            barrier.wait()
            one = Desk(ledger).page(batch, rows, cursor_before=None, round_before=0, next="2")
            advanced.append(one.advanced)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(advanced) == [False, False, False, True]
    assert len(desk.stored()) == 20


def test_a_page_of_an_earlier_round_is_refused(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.page(batch, [])

    assert not desk.page(
        batch, [listed(call) for call in desk.calls(batch)], round_before=0
    ).advanced
    assert desk.stored() == []


def test_a_round_that_brings_nothing_new_is_clean_and_one_that_does_is_not(desk: Desk) -> None:
    batch = desk.placed(people=2)
    first, second = desk.calls(batch)
    rounds = "SELECT round, clean_rounds FROM batch"

    desk.page(batch, [listed(first)], next="2")
    desk.page(batch, [])
    assert desk.row(rounds) == {"round": 1, "clean_rounds": 0}

    desk.page(batch, [listed(first)], next="2")
    desk.page(batch, [])
    assert desk.row(rounds) == {"round": 2, "clean_rounds": 1}

    desk.page(batch, [], next="2")
    desk.page(batch, [listed(second)])
    assert desk.row(rounds) == {"round": 3, "clean_rounds": 0}


def test_an_address_that_is_renewed_at_every_look_does_not_keep_a_batch_open(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    signed = [replace(call, recording_url=f"https://example.com/?signed={n}") for n in range(3)]

    saved = [desk.page(batch, [listed(one, n)]) for n, one in enumerate(signed)]

    assert [(one.new, one.changed) for one in saved] == [(1, 0), (0, 0), (0, 0)]
    assert desk.row("SELECT clean_rounds FROM batch")["clean_rounds"] == 2
    assert desk.stored()[0]["recording_url"] == "https://example.com/?signed=2"
    assert desk.stored()[0]["version"] == 3


def test_a_row_that_cannot_be_read_is_kept_once_and_the_others_go_on(desk: Desk) -> None:
    batch = desk.placed(people=1)
    poison = unreadable('{"id": [')
    (call,) = desk.calls(batch)

    first = desk.page(batch, [poison, listed(call)])
    again = desk.page(batch, [poison, listed(call)])

    assert (first.new, first.unread) == (1, 1)
    assert (again.new, again.unread) == (0, 0)
    (row,) = desk.rows("unread_row", "id")
    assert bytes(row["raw"]) == poison.raw
    assert row["problem"] == "it is no object"


@pytest.mark.parametrize(
    "broken",
    [{"id": ""}, {"id": "x" * 600}, {"cost_usd": Decimal("1e9")}, {"cost_usd": Decimal("nan")}],
)
def test_a_call_that_no_column_can_hold_is_kept_as_it_came(
    desk: Desk, broken: dict[str, object]
) -> None:
    batch = desk.placed(people=2)
    good, bad = desk.calls(batch)

    saved = desk.page(batch, [listed(replace(bad, **broken)), listed(good)])  # pyright: ignore[reportArgumentType]

    assert (saved.new, saved.unread) == (1, 1)
    assert [row["provider_call_id"] for row in desk.stored()] == [good.id]


def test_texts_that_a_database_refuses_are_mended_and_the_raw_row_is_not(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    row = ListedCall(
        raw=b'{"transcript": "a\\u0000b\\ud83d"}', call=replace(call, transcript="a\0b\ud83d")
    )

    desk.page(batch, [row])

    (stored,) = desk.stored()
    assert stored["transcript"] == "ab?"
    assert bytes(stored["raw"]) == row.raw


def test_earlier_raw_rows_are_kept_byte_for_byte(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    ringing = replace(call, over=False, outcome=Outcome.UNKNOWN, ended_at=None)
    rows = [listed(ringing, "a"), listed(call, "b"), listed(call, "a")]

    saved = [desk.page(batch, [row]) for row in rows]

    assert [(one.new, one.changed) for one in saved] == [(1, 0), (0, 1), (0, 0)]
    assert {bytes(row["raw"]) for row in desk.rows("call_version", "raw_sha256")} == {
        rows[0].raw,
        rows[1].raw,
    }
    assert bytes(desk.stored()[0]["raw"]) == rows[2].raw
    assert desk.stored()[0]["version"] == 3


def test_a_call_twice_on_a_page_is_stored_once_with_both_its_rows(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    ringing = replace(call, over=False, outcome=Outcome.UNKNOWN, ended_at=None)

    saved = desk.page(batch, [listed(ringing, "a"), listed(call, "b"), listed(call, "b")])

    assert (saved.new, saved.changed) == (1, 0)
    assert desk.attempts()[0]["state"] == "done"
    assert [bytes(row["raw"]) for row in desk.rows("call_version", "raw_sha256")] == [
        listed(ringing, "a").raw
    ]


def test_a_state_that_flaps_back_does_not_undo_a_result(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    told = replace(call, transcript="agent: hello")
    flapped = replace(
        call, over=False, outcome=Outcome.UNKNOWN, ended_reason="in-progress", ended_at=None
    )

    desk.page(batch, [listed(told, 1)])
    saved = desk.page(batch, [listed(flapped, 2)])

    assert saved.changed == 0
    (stored,) = desk.stored()
    assert (bool(stored["over"]), stored["outcome"]) == (True, "answered")
    assert stored["ended_reason"] == "hangup"
    assert stored["transcript"] == "agent: hello"
    assert desk.recipients()[0]["state"] == "reached"


def test_a_call_finds_its_attempt_by_the_id_that_the_receipt_told(desk: Desk) -> None:
    campaign = desk.campaign(people=2)
    batch = desk.plan(campaign.id)
    assert batch is not None
    keys = [row["key"] for row in desk.attempts()]
    desk.submit(batch, {key: f"id-{n}" for n, key in enumerate(keys)})

    desk.page(batch, [listed(desk.call(None, id="id-1"))], own_only=False)

    assert [row["state"] for row in desk.attempts()] == ["submitted", "done"]


def test_a_call_without_a_key_finds_its_attempt_by_number(desk: Desk) -> None:
    batch = desk.placed(people=2)

    saved = desk.page(batch, [listed(desk.call(None, to=number(1)))])

    assert saved.new == 1
    assert [row["state"] for row in desk.attempts()] == ["submitted", "done"]


def test_in_a_list_of_everything_somebody_elses_calls_are_passed_over(desk: Desk) -> None:
    batch = desk.placed(people=1)
    before = desk.now - timedelta(hours=1)
    foreign = [
        desk.call("another campaign's key"),
        desk.call("another's key", to=number(0)),
        desk.call(None, id="x", to=number(7)),
        desk.call(None, id="from before", to=number(0), started_at=before),
    ]

    saved = desk.page(batch, [listed(call) for call in foreign], own_only=False)

    assert saved == PageSaved(foreign=4, advanced=True)
    assert desk.stored() == []
    assert desk.incidents() == []
    assert desk.row("SELECT clean_rounds FROM batch")["clean_rounds"] == 1


@pytest.mark.parametrize("key", ["a key that we never gave", None])
def test_in_a_list_of_everything_a_call_with_our_tag_that_nothing_explains_is_an_incident(
    desk: Desk, key: str | None
) -> None:
    batch = desk.placed(people=1)
    orphan = desk.call(key, id="orphan", to=number(50))

    for version in (f"tag {batch.tags[0]}", f"tag {batch.tags[0]}, later"):
        desk.page(batch, [listed(orphan, version)], own_only=False)

    assert [(row["provider_call_id"], row["recipient_id"]) for row in desk.stored()] == [
        ("orphan", None)
    ]
    assert desk.incidents() == ["orphan_call"]
    assert desk.row("SELECT state FROM campaign")["state"] == "needs_attention"


def test_in_a_list_of_everything_a_call_of_another_batch_of_the_campaign_is_passed_over(
    desk: Desk,
) -> None:
    campaign = desk.campaign(people=2)
    first, second = (desk.plan(campaign.id, size=1) for _ in range(2))
    assert first is not None
    assert second is not None
    desk.submit(first)
    desk.submit(second)
    (call,) = desk.calls(first)
    unkeyed = replace(call, key=None, id="unkeyed", to=number(50))
    tagged = f"tag {first.tags[0]}"

    saved = desk.page(second, [listed(call, tagged), listed(unkeyed, tagged)], own_only=False)

    assert (saved.foreign, desk.stored(), desk.incidents()) == (2, [], [])


def test_in_a_list_of_everything_a_second_call_to_a_number_is_another_attempts(
    desk: Desk,
) -> None:
    batch = desk.placed(people=1)
    ours, other = (desk.call(None, id=name, to=number(0)) for name in ("ours", "other"))

    saved = desk.page(batch, [listed(ours), listed(other)], own_only=False)

    assert (saved.new, saved.foreign) == (1, 1)
    assert desk.incidents() == []


def test_a_call_of_another_batch_is_left_to_that_batch(desk: Desk) -> None:
    first, second = desk.placed(name="one"), desk.placed(name="two", first=50)
    (call, *_) = desk.calls(first)
    desk.page(first, [listed(call, 1)], own_only=False)

    saved = desk.page(second, [listed(replace(call, cost_usd=Decimal(1)), 2)], own_only=False)

    assert saved == PageSaved(foreign=1, advanced=True)
    assert desk.stored()[0]["cost_usd"] is None


def test_in_a_list_of_our_own_a_call_that_nothing_explains_is_an_incident(desk: Desk) -> None:
    batch = desk.placed(people=1)
    orphan = desk.call(None, id="orphan", to=number(50))

    saved = desk.page(batch, [listed(orphan)])
    desk.page(batch, [listed(orphan)])

    assert saved.new == 1
    assert desk.incidents() == ["orphan_call"]
    assert desk.stored()[0]["recipient_id"] is None
    assert desk.stored()[0]["tag"] == batch.tags[0]
    assert desk.row("SELECT state FROM campaign")["state"] == "needs_attention"


def test_an_orphan_that_turns_out_to_be_ours_comes_home(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)

    desk.page(batch, [listed(replace(call, key=None), 1)])
    desk.page(batch, [listed(call, 2)])

    assert desk.stored()[0]["recipient_id"] == desk.attempts()[0]["recipient_id"]
    assert desk.attempts()[0]["state"] == "done"


def test_two_calls_for_one_attempt_are_both_kept_and_told(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.NO_ANSWER)
    again = replace(call, id="again", ended_at=NOON + timedelta(hours=1))

    desk.page(batch, [listed(call), listed(again)])

    assert desk.incidents() == ["duplicate_call"]
    assert {row["recipient_id"] for row in desk.stored()} == {desk.attempts()[0]["recipient_id"]}
    assert len(desk.stored()) == 2


@pytest.mark.parametrize("reached_first", [True, False])
def test_whoever_was_reached_by_one_of_two_calls_was_reached(
    desk: Desk, *, reached_first: bool
) -> None:
    batch = desk.placed(people=1)
    (answered,) = desk.calls(batch)
    missed = replace(
        answered, id="b", outcome=Outcome.NO_ANSWER, ended_at=NOON + timedelta(hours=1)
    )
    calls = [answered, missed] if reached_first else [missed, answered]

    for call in calls:
        desk.page(batch, [listed(call)])

    assert desk.attempts()[0]["outcome"] == "answered"
    assert desk.recipients()[0]["state"] == "reached"


def test_a_call_that_was_not_reached_is_called_again_after_the_gap(desk: Desk) -> None:
    batch = desk.placed(people=2)
    busy, voicemail = desk.calls(batch, Outcome.BUSY)
    voicemail = replace(voicemail, outcome=Outcome.VOICEMAIL)

    desk.page(batch, [listed(busy), listed(voicemail)])

    again, never = desk.recipients()
    assert (again["state"], again["reason"]) == ("ready", "again after busy")
    assert (never["state"], never["reason"]) == ("not_reached", "voicemail")
    due = desk.row("SELECT min(due_at) AS due FROM recipient")["due"]
    assert str(due).replace(" ", "T").startswith("2026-07-01T16:00:30")


def test_after_the_last_attempt_nobody_is_called_again(desk: Desk) -> None:
    desk.policy = Policy(max_attempts=2)
    batch = desk.placed(people=1)
    desk.page(batch, [listed(call) for call in desk.calls(batch, Outcome.BUSY)])
    desk.later(hours=5)
    second = desk.plan(batch.batch_id.partition("-")[0])
    assert second is not None
    desk.submit(second)

    desk.page(second, [listed(call) for call in desk.calls(second, Outcome.BUSY)])

    assert desk.recipients()[0]["reason"] == "exhausted after 2: busy"
    assert desk.recipients()[0]["state"] == "not_reached"


def test_an_older_calls_late_news_do_not_disturb_a_newer_attempt(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.BUSY)
    desk.page(batch, [listed(call, 1)])
    desk.later(hours=5)
    second = desk.plan(batch.batch_id.partition("-")[0])
    assert second is not None
    desk.submit(second)

    desk.page(batch, [listed(replace(call, outcome=Outcome.INVALID_NUMBER), 2)])
    assert desk.recipients()[0]["state"] == "open"

    desk.page(second, [listed(one) for one in desk.calls(second, Outcome.BUSY)])
    assert desk.recipients()[0]["state"] == "ready"


def test_a_person_found_late_to_have_been_reached_is_not_called_again(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.NO_ANSWER)
    desk.page(batch, [listed(call, 1)])
    assert desk.recipients()[0]["state"] == "ready"

    desk.page(batch, [listed(replace(call, outcome=Outcome.ANSWERED), 2)])

    assert desk.attempts()[0]["outcome"] == "answered"
    assert desk.recipients()[0]["state"] == "reached"
    assert desk.plan(batch.batch_id.partition("-")[0]) is None


def test_an_earlier_attempt_that_reached_after_all_counts_when_the_newer_ends(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch, Outcome.NO_ANSWER)
    desk.page(batch, [listed(call, 1)])
    desk.later(hours=5)
    second = desk.plan(batch.batch_id.partition("-")[0])
    assert second is not None
    desk.submit(second)
    desk.page(batch, [listed(replace(call, outcome=Outcome.ANSWERED), 2)])

    desk.page(second, [listed(one) for one in desk.calls(second, Outcome.NO_ANSWER)])

    assert desk.recipients()[0]["state"] == "reached"


def test_a_correction_is_believed_but_calls_nobody_again(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(call, 1)])

    desk.page(batch, [listed(replace(call, outcome=Outcome.NO_ANSWER), 2)])

    (person,) = desk.recipients()
    assert person["state"] == "not_reached"
    assert person["reason"] == "corrected later: again after no_answer"
    assert desk.attempts()[0]["outcome"] == "no_answer"


def test_a_call_for_an_attempt_that_was_closed_without_one_is_an_incident(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.execute("UPDATE attempt SET state = 'failed', dialled_at = NULL")
    desk.execute("UPDATE recipient SET state = 'ready'")

    desk.page(batch, [listed(call) for call in desk.calls(batch)])

    assert desk.incidents() == ["unexpected_call"]
    assert desk.attempts()[0]["dialled_at"] is not None
    assert desk.attempts()[0]["state"] == "failed"
    assert desk.recipients()[0]["state"] == "reached"


def test_a_call_that_turns_up_settles_a_doubt(desk: Desk) -> None:
    batch = desk.placed(people=1)
    desk.execute("UPDATE attempt SET state = 'held'")
    desk.execute("UPDATE recipient SET state = 'held'")

    desk.page(batch, [listed(call) for call in desk.calls(batch)])

    assert desk.attempts()[0]["state"] == "done"
    assert desk.recipients()[0]["state"] == "reached"


def test_an_unknown_word_is_over_only_if_the_provider_says_so(desk: Desk) -> None:
    batch = desk.placed(people=2)
    over, running = desk.calls(batch, Outcome.UNKNOWN)

    desk.page(batch, [listed(over), listed(replace(running, over=False))])

    assert [row["state"] for row in desk.attempts()] == ["done", "submitted"]
    assert [row["state"] for row in desk.recipients()] == ["not_reached", "open"]
    assert desk.attempts()[1]["provider_call_id"] == running.id


@pytest.mark.parametrize("in_analysis", [True, False])
def test_whoever_asks_for_it_is_suppressed_in_the_same_moment(
    desk: Desk, *, in_analysis: bool
) -> None:
    desk.policy = Policy(opt_out={"disposition": ["dnc"]}, hash_numbers=in_analysis)
    batch = desk.placed(people=2)
    asked, other = desk.calls(batch)
    asked = (
        replace(asked, analysis='{"result": {"Disposition": "DNC"}}')
        if in_analysis
        else replace(asked, opted_out=True)
    )

    desk.page(batch, [listed(asked), listed(replace(other, analysis='{"disposition": "ok"}'))])

    assert desk.ledger.run_sync(suppressions.contains, number(0))
    assert not desk.ledger.run_sync(suppressions.contains, number(1))
    (row,) = desk.rows("suppression", "number_hash")
    assert row["phone_number"] == (None if in_analysis else number(0))
    assert [bool(row["opted_out"]) for row in desk.stored()].count(True) == 1
