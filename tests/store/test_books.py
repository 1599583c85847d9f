from dataclasses import replace
from decimal import Decimal

import pytest

from campaign.states import BatchState, RecipientState
from campaign.words import Outcome
from store import books, crosschecks, doubts
from store.planning import planner as planning
from store.planning.draft import PlannedBatch
from tests.store.desk import Desk, listed


def counted(desk: Desk, batch: PlannedBatch) -> books.Books:
    return desk.ledger.run_sync(books.books, campaign_of(batch))


def campaign_of(batch: PlannedBatch) -> str:
    return batch.batch_id.partition("-")[0]


def settled(desk: Desk, outcome: Outcome = Outcome.ANSWERED, people: int = 3) -> PlannedBatch:
    """A batch of which every call is over, and whose state says so."""
    batch = desk.placed(people)
    desk.page(batch, [listed(call) for call in desk.calls(batch, outcome)])
    desk.execute("UPDATE batch SET state = 'settled'")
    return batch


def test_the_books_of_a_campaign_that_is_over_close(desk: Desk) -> None:
    batch = settled(desk)

    closed = counted(desk, batch)

    assert closed == books.Books(
        listed=3, reached=3, not_reached=0, skipped=0, expired=0, held=0, ready=0, open=0
    )
    assert closed.closes
    assert closed.in_words == "3 listed: 3 reached"


def test_the_books_do_not_close_while_somebody_is_to_be_called(desk: Desk) -> None:
    batch = settled(desk, Outcome.BUSY)

    still = counted(desk, batch)

    assert (still.ready, still.closes) == (3, False)
    assert still.in_words == "3 listed: 3 to be called"


def test_the_books_do_not_close_while_calls_are_under_way(desk: Desk) -> None:
    batch = desk.placed(people=2)

    assert counted(desk, batch).in_words == "2 listed: 2 being called"
    assert not counted(desk, batch).closes


def test_people_in_doubt_are_accounted_for_as_held(desk: Desk) -> None:
    batch = settled(desk)
    desk.execute("UPDATE recipient SET state = 'held' WHERE id = (SELECT min(id) FROM recipient)")
    desk.execute(
        "UPDATE attempt SET state = 'held' WHERE recipient_id = (SELECT min(id) FROM recipient)"
    )
    desk.execute("UPDATE batch SET state = 'held'")

    held = counted(desk, batch)

    assert (held.held, held.closes) == (1, True)
    assert held.in_words == "3 listed: 2 reached, 1 held"


@pytest.mark.parametrize(
    "tampering, problem",
    [
        ("DELETE FROM call", "3 reached, but by no call"),
        ("DELETE FROM call", "3 with a finished attempt, but without its call"),
        ("DELETE FROM call", "is settled, but 3 calls are missing"),
        ("UPDATE recipient SET state = 'not_reached'", "3 reached by a call, but not counted so"),
        ("UPDATE attempt SET state = 'submitted'", "3 closed, but with an attempt under way"),
        ("UPDATE recipient SET state = 'held'", "3 held, but with nothing in doubt"),
        ("UPDATE recipient SET state = 'open'", "3 being called, but without an attempt"),
        ("UPDATE import SET accepted = 4", "the imports accepted 4 people, but 3 are stored"),
        ("UPDATE submission SET state = 'unknown'", "is settled, but 3 attempts were not decided"),
    ],
)
def test_rows_that_contradict_each_other_keep_the_books_open(
    desk: Desk, tampering: str, problem: str
) -> None:
    batch = settled(desk)

    desk.execute(tampering.replace("import", '"import"').replace("call", '"call"'))

    tampered = counted(desk, batch)
    assert not tampered.closes
    assert any(problem in one for one in tampered.problems)
    assert problem in tampered.in_words


def test_an_incident_keeps_the_books_open_until_somebody_has_resolved_it(desk: Desk) -> None:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(call), listed(replace(call, id="again"))])
    desk.execute("UPDATE batch SET state = 'settled'")
    assert counted(desk, batch).problems == ("1 incidents that nobody has resolved",)

    desk.execute("UPDATE incident SET resolved_at = at")

    assert counted(desk, batch).closes


def test_every_attempt_of_a_batch_is_counted_once(desk: Desk) -> None:
    campaign = desk.campaign(people=8)
    batch = desk.plan(campaign.id, submission_size=2)
    assert batch is not None
    accepted, refused, doubtful, waiting = batch.tags
    for tag, state in [
        (accepted, "accepted"),
        (refused, "rejected"),
        (doubtful, "held"),
        (waiting, "planned"),
    ]:
        desk.execute("UPDATE submission SET state = :s WHERE tag = :t", s=state, t=tag)
    keys = [row["key"] for row in desk.attempts(tag=accepted)]
    desk.page(batch, [listed(desk.call(keys[0]))])

    (book,) = desk.ledger.run_sync(crosschecks.batch_books, campaign.id)

    assert book == crosschecks.BatchBook(
        batch_id=batch.batch_id,
        state=BatchState.SUBMITTING,
        planned=8,
        accepted=2,
        refused=2,
        in_doubt=2,
        given_up=0,
        waiting=2,
        with_call=1,
        without_call=0,
    )
    assert book.missing == 1


def test_outcomes_are_counted_with_what_they_cost(desk: Desk) -> None:
    batch = desk.placed(people=3)
    first, second, third = desk.calls(batch)
    calls = [
        replace(first, cost_usd=Decimal("0.10")),
        replace(second, cost_usd=Decimal("0.25")),
        replace(third, outcome=Outcome.BUSY, duration_seconds=None),
    ]
    desk.page(batch, [listed(call) for call in calls])

    answered, busy = desk.ledger.run_sync(books.outcomes, campaign_of(batch))

    assert answered == books.OutcomeCount(
        provider="vogent",
        outcome=Outcome.ANSWERED,
        calls=2,
        cost_usd=Decimal("0.35"),
        talk_seconds=60.0,
    )
    assert (busy.outcome, busy.calls, busy.talk_seconds) == (Outcome.BUSY, 1, 0.0)
    assert busy.cost_usd == 0


def test_doubts_are_listed_with_whom_they_concern(desk: Desk) -> None:
    batch = desk.placed(people=3)
    other = desk.placed(people=1, name="other", first=20)
    desk.execute("UPDATE submission SET state = 'held', note = 'a timeout', looks = 3")

    (doubt,) = desk.ledger.run_sync(lambda db: list(doubts.doubts(db, campaign_of(batch))))
    everywhere = desk.ledger.run_sync(lambda db: list(doubts.doubts(db)))

    assert (doubt.tag, doubt.people, doubt.looks) == (batch.tags[0], 3, 3)
    assert {one.tag for one in everywhere} == {*batch.tags, *other.tags}


def test_a_campaign_of_which_everybody_was_skipped_closes_without_a_call(desk: Desk) -> None:
    campaign = desk.campaign(people=2)
    desk.execute("UPDATE recipient SET state = :s", s=RecipientState.SKIPPED.value)

    assert desk.ledger.run_sync(planning.next_due, campaign.id) is None
    assert desk.ledger.run_sync(books.books, campaign.id).in_words == "2 listed: 2 skipped"
    assert desk.ledger.run_sync(books.books, campaign.id).closes
