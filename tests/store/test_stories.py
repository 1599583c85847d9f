from datetime import timedelta

from campaign.states import AttemptState, RecipientState
from campaign.words import Outcome
from store import suppressions
from store.reports import stories
from tests.store.desk import NOON, Desk, listed, number


def test_the_story_of_a_number_tells_its_attempts_calls_and_requests(desk: Desk) -> None:
    batch = desk.placed(people=2)
    busy, _ = desk.calls(batch, Outcome.BUSY)
    desk.page(batch, [listed(busy)])
    campaign_id = batch.batch_id.partition("-")[0]

    told = desk.ledger.run_sync(stories.story, campaign_id, number(0), NOON)

    assert told is not None
    assert (told.state, told.reason) == (RecipientState.READY, "again after busy")
    assert told.due_at == NOON + timedelta(hours=4, seconds=30)
    assert told.source_row == 2
    assert told.suppression is None
    assert told.turn.candidate.attempts == 1
    (attempt,) = told.attempts
    assert (attempt.no, attempt.state, attempt.outcome) == (1, AttemptState.DONE, Outcome.BUSY)
    assert attempt.dialled_at == NOON
    assert [stored.call.id for stored in attempt.calls] == [busy.id]
    assert [event.event for event in attempt.events] == ["intent", "wire", "accepted"]


def test_the_story_of_a_suppressed_number_says_since_when_and_why(desk: Desk) -> None:
    campaign = desk.campaign(people=1)
    desk.ledger.run_sync(suppressions.add, [number(0)], reason="asked", source="letter", now=NOON)

    told = desk.ledger.run_sync(stories.story, campaign.id, number(0), NOON)

    assert told is not None
    assert told.suppression is not None
    assert (told.suppression.reason, told.suppression.since) == ("asked", NOON)
    assert told.attempts == []


def test_a_number_that_is_not_on_the_list_has_no_story(desk: Desk) -> None:
    campaign = desk.campaign(people=1)

    assert desk.ledger.run_sync(stories.story, campaign.id, number(5), NOON) is None
