from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from campaign.words import AnsweredBy, Outcome
from store.planning.draft import PlannedBatch
from store.recipients import NewRecipient
from store.reports import results
from tests.store.desk import NOON, Desk, listed, number

EXPORT = (
    "campaign, recipient_id, phone_number, attempt, provider, provider_batch_id, provider_call_id,"
    " outcome, ended_reason, answered_by, started_at, ended_at, duration_seconds, cost_usd,"
    " transcript, recording_url, analysis, variables, settled"
)
PEOPLE = (
    "campaign, recipient_id, phone_number, state, reason, attempts, last_outcome, next_attempt_at"
)


def campaign_of(batch: PlannedBatch) -> str:
    return batch.batch_id.partition("-")[0]


def exported(desk: Desk, campaign_id: str) -> list[results.Result]:
    with desk.ledger.reading() as db:
        return list(results.calls(db, campaign_id))


def people(desk: Desk, campaign_id: str) -> list[results.Result]:
    with desk.ledger.reading() as db:
        return list(results.recipients(db, campaign_id))


def test_the_columns_are_those_that_users_were_promised() -> None:
    assert ", ".join(results.CALL_COLUMNS) == EXPORT
    assert ", ".join(results.RECIPIENT_COLUMNS) == PEOPLE


def test_a_call_is_exported_with_everything_about_it(desk: Desk) -> None:
    campaign = desk.enroll()
    person = NewRecipient(
        phone_number=number(0),
        provider="vogent",
        external_id="crm-7",
        variables={"first_name": "Ada"},
    )
    desk.add(campaign.id, [person])
    desk.execute("UPDATE campaign SET state = 'running'")
    batch = desk.plan(campaign.id)
    assert batch is not None
    desk.submit(batch)
    (call,) = desk.calls(batch)
    told = replace(
        call,
        answered_by=AnsweredBy.HUMAN,
        cost_usd=Decimal("0.07"),
        transcript="agent: hi",
        recording_url="https://example.com/r",
        analysis='{"mood": "good"}',
    )
    desk.page(batch, [listed(told)])

    (row,) = exported(desk, campaign.id)

    assert row._asdict() == {
        "campaign": "spring",
        "recipient_id": "crm-7",
        "phone_number": number(0),
        "attempt": 1,
        "provider": "vogent",
        "provider_batch_id": f"at-provider-{batch.tags[0]}",
        "provider_call_id": call.id,
        "outcome": "answered",
        "ended_reason": "hangup",
        "answered_by": "human",
        "started_at": NOON,
        "ended_at": NOON + timedelta(seconds=30),
        "duration_seconds": 30.0,
        "cost_usd": Decimal("0.07"),
        "transcript": "agent: hi",
        "recording_url": "https://example.com/r",
        "analysis": '{"mood": "good"}',
        "variables": '{"first_name":"Ada"}',
        "settled": True,
    }


def test_every_call_is_exported_once_in_a_steady_order(desk: Desk) -> None:
    campaign = desk.campaign(people=7)
    while batch := desk.plan(campaign.id, size=3):
        desk.submit(batch)
        desk.page(batch, [listed(call) for call in reversed(desk.calls(batch))])

    rows = exported(desk, campaign.id)

    assert [row.phone_number for row in rows] == [number(n) for n in range(7)]
    assert rows == exported(desk, campaign.id)


def test_a_call_that_waits_for_something_is_not_settled(desk: Desk) -> None:
    batch = desk.placed(people=2)
    first, second = desk.calls(batch)
    running = replace(second, over=False, outcome=Outcome.UNKNOWN)

    desk.page(batch, [listed(replace(first, missing=frozenset({"cost"}))), listed(running)])

    assert [row.settled for row in exported(desk, campaign_of(batch))] == [False, False]


def test_an_orphan_is_exported_without_a_person(desk: Desk) -> None:
    batch = desk.placed(people=1)

    desk.page(batch, [listed(desk.call(None, id="orphan"))])

    (row,) = exported(desk, campaign_of(batch))
    assert (row.recipient_id, row.phone_number, row.attempt) == (None, None, None)
    assert row.provider_call_id == "orphan"


def test_every_person_is_exported_with_what_became_of_them(desk: Desk) -> None:
    batch = desk.placed(people=4)
    reached, busy, _, invalid = desk.calls(batch)
    rows = [reached, replace(busy, outcome=Outcome.BUSY)]
    rows.append(replace(invalid, outcome=Outcome.INVALID_NUMBER))
    desk.page(batch, [listed(call) for call in rows])
    ids = [str(row["id"]) for row in desk.recipients()]

    exported_people = people(desk, campaign_of(batch))

    again = NOON + timedelta(hours=4, seconds=30)
    assert [tuple(row) for row in exported_people] == [
        ("spring", ids[0], number(0), "reached", "answered", 1, "answered", None),
        ("spring", ids[1], number(1), "ready", "again after busy", 1, "busy", again),
        ("spring", ids[2], number(2), "open", "", 1, None, None),
        ("spring", ids[3], number(3), "not_reached", "invalid_number", 1, "invalid_number", None),
    ]


def test_another_campaigns_rows_are_not_exported(desk: Desk) -> None:
    first, second = desk.placed(name="one"), desk.placed(name="two", first=20)
    for batch in (first, second):
        desk.page(batch, [listed(call) for call in desk.calls(batch)])

    assert {row.campaign for row in exported(desk, campaign_of(first))} == {"one"}
    assert {row.campaign for row in people(desk, campaign_of(second))} == {"two"}


def test_an_export_that_is_given_up_leaves_nothing_open(desk: Desk) -> None:
    campaign = desk.campaign(people=5)

    with desk.ledger.reading() as db:
        rows = results.recipients(db, campaign.id)
        next(rows)
        del rows

    assert len(people(desk, campaign.id)) == 5


def test_an_export_is_streamed(desk: Desk) -> None:
    campaign = desk.enroll()
    desk.add(
        campaign.id,
        [NewRecipient(phone_number=number(n), provider="vogent") for n in range(800)],
    )

    with desk.ledger.reading() as db:
        rows = results.recipients(db, campaign.id)
        first = next(rows)
        desk.execute("UPDATE recipient SET state = 'skipped'")
        rest = list(rows)

    assert len(rest) == 799
    assert {row.state for row in [first, *rest]} == {"ready"}
    assert all(one.phone_number != other.phone_number for one, other in pairwise(rest))
