from dataclasses import replace
from datetime import timedelta

from campaign.rules.zones import Clues
from campaign.states import RecipientState
from campaign.words import Outcome
from store.recipients import NewRecipient
from store.reports import campaign as reports
from store.reports.campaign import Reason, Span, Started, Tries
from tests.store.desk import NOON, Desk, listed, number


def test_people_are_counted_by_how_often_they_were_called(desk: Desk) -> None:
    campaign = desk.campaign(people=4)
    batch = desk.plan(campaign.id, size=3)
    assert batch is not None
    desk.submit(batch)
    reached, machine, silent = desk.calls(batch, Outcome.NO_ANSWER)
    rows = [
        replace(reached, outcome=Outcome.ANSWERED),
        replace(machine, outcome=Outcome.VOICEMAIL),
        silent,
    ]
    desk.page(batch, [listed(call) for call in rows])
    desk.later(days=1)
    desk.execute("UPDATE recipient SET state = 'skipped' WHERE source_row > 4")
    desk.execute("UPDATE recipient SET state = 'skipped' WHERE source_row = 3")
    again = desk.plan(campaign.id)
    assert again is not None
    assert again.attempts == 1
    desk.submit(again)
    desk.page(again, [listed(call) for call in desk.calls(again, Outcome.TRANSFERRED)])

    assert desk.ledger.run_sync(reports.tries, campaign.id) == [
        Tries(times=0, people=1, picked_up=0, reached=0),
        Tries(times=1, people=2, picked_up=2, reached=1),
        Tries(times=2, people=1, picked_up=1, reached=1),
    ]


def test_an_attempt_that_provably_was_not_dialled_is_no_call(desk: Desk) -> None:
    campaign = desk.campaign(people=2)
    assert desk.plan(campaign.id) is not None

    assert desk.ledger.run_sync(reports.tries, campaign.id) == [
        Tries(times=0, people=2, picked_up=0, reached=0)
    ]


def test_the_most_frequent_reasons_come_first_and_no_more_than_asked_for(desk: Desk) -> None:
    campaign = desk.campaign(people=6)
    desk.execute("UPDATE recipient SET state = 'skipped', reason = 'suppressed'")
    desk.execute("UPDATE recipient SET state = 'expired', reason = 'late' WHERE source_row > 5")
    desk.execute("UPDATE recipient SET state = 'reached', reason = 'done' WHERE source_row = 2")

    first, *others = desk.ledger.run_sync(reports.reasons, campaign.id, limit=5)

    assert first == Reason(state=RecipientState.SKIPPED, reason="suppressed", people=3)
    assert others == [Reason(state=RecipientState.EXPIRED, reason="late", people=2)]
    assert desk.ledger.run_sync(reports.reasons, campaign.id, limit=1) == [first]


def test_calls_tell_when_they_began_and_where_the_person_may_be(desk: Desk) -> None:
    campaign = desk.enroll()
    person = NewRecipient(
        phone_number=number(0),
        provider="vogent",
        region="US",
        timezone="America/Chicago",
        jurisdiction="IL",
        postcode="60601",
        country="US",
    )
    desk.add(campaign.id, [person, NewRecipient(phone_number=number(1), provider="vogent")])
    desk.execute("UPDATE campaign SET state = 'running'")
    batch = desk.plan(campaign.id)
    assert batch is not None
    desk.submit(batch)
    first, second = desk.calls(batch)
    later = NOON + timedelta(hours=3)
    desk.page(batch, [listed(first), listed(replace(second, over=False, started_at=later))])

    with desk.ledger.reading() as db:
        [call] = reports.started(db, campaign.id)
        span = reports.span(db, campaign.id)

    assert call == Started(
        at=NOON,
        answered=True,
        clues=Clues(
            e164=number(0),
            region="US",
            timezone="America/Chicago",
            state="IL",
            postcode="60601",
            country="US",
        ),
    )
    assert span == Span(NOON, later)


def test_a_campaign_without_calls_has_no_span(desk: Desk) -> None:
    campaign = desk.campaign(people=1)

    assert desk.ledger.run_sync(reports.span, campaign.id) == Span(None, None)
    assert desk.ledger.run_sync(lambda db: list(reports.started(db, campaign.id))) == []
