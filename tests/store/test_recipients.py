from campaign.states import RecipientState
from store import recipients
from store.recipients import Added, NewRecipient
from tests.store.desk import NOON, Desk, number


def person(n: int, **facts: str) -> NewRecipient:
    return NewRecipient(phone_number=number(n), provider="vogent", source_row=n + 2, **facts)  # pyright: ignore[reportArgumentType]


def test_a_number_is_in_a_campaign_once_however_often_it_is_listed(desk: Desk) -> None:
    campaign, other = desk.enroll("one"), desk.enroll("two")

    assert desk.add(campaign.id, [person(0), person(1), person(0)]) == Added(2, 1)
    assert desk.add(campaign.id, [person(1), person(2)]) == Added(1, 1)
    assert desk.add(other.id, [person(0)]) == Added(1, 0)
    assert desk.add(campaign.id, []) == Added(0, 0)
    assert desk.ledger.run_sync(recipients.count, campaign.id) == 3


def test_everything_that_the_list_says_of_a_person_is_kept(desk: Desk) -> None:
    campaign = desk.enroll()
    said = NewRecipient(
        phone_number=number(0),
        provider="vogent",
        variables={"name": 'Zoë "Z" ☎', "empty": ""},
        external_id="crm-7",
        source_row=9,
        region="US",
        timezone="America/Chicago",
        jurisdiction="IL",
        postcode="60601",
        country="US",
        consent="written",
        consent_date="2026-01-02",
        consent_source="web form",
    )

    desk.add(campaign.id, [said])

    (row,) = desk.recipients()
    assert row.pop("id")
    row.pop("imported_at")
    assert row == {
        "campaign_id": campaign.id,
        "phone_number": number(0),
        "provider": "vogent",
        "variables": '{"name":"Zoë \\"Z\\" ☎","empty":""}',
        "external_id": "crm-7",
        "source_row": 9,
        "region": "US",
        "timezone": "America/Chicago",
        "jurisdiction": "IL",
        "postcode": "60601",
        "country": "US",
        "consent": "written",
        "consent_date": "2026-01-02",
        "consent_source": "web form",
        "state": "ready",
        "reason": "",
        "due_at": None,
    }


def test_an_import_counts_every_row_as_it_comes(desk: Desk) -> None:
    campaign = desk.enroll()
    run = desk.ledger.run_sync
    opened = run(recipients.begin_import, campaign.id, "people.csv", NOON)

    for rows, rejected in (([person(0), person(1)], 3), ([person(1)], 0), ([], 1)):
        run(
            recipients.add_recipients,
            campaign.id,
            rows,
            NOON,
            import_id=opened,
            rejected=rejected,
        )

    (interrupted,) = run(recipients.imports, campaign.id)
    assert interrupted.finished_at is None
    finished = run(recipients.finish_import, opened, NOON)
    assert (finished.listed, finished.accepted) == (7, 2)
    assert (finished.duplicates, finished.rejected) == (1, 4)
    assert finished.finished_at == NOON
    assert finished.source == "people.csv"


def test_whoever_is_still_to_be_called_can_be_closed_and_nobody_else(desk: Desk) -> None:
    campaign = desk.campaign(people=3)
    desk.plan(campaign.id, size=1)

    closed = desk.ledger.run_sync(
        recipients.close_ready, campaign.id, RecipientState.EXPIRED, "its time is over"
    )

    assert closed == 2
    assert [(row["state"], row["reason"]) for row in desk.recipients()] == [
        ("open", ""),
        ("expired", "its time is over"),
        ("expired", "its time is over"),
    ]


def test_a_long_list_is_stored_in_chunks_of_many_thousands(desk: Desk) -> None:
    campaign = desk.enroll()
    people = [
        NewRecipient(phone_number=f"+1{200 + n // 100}55501{n % 100:02d}", provider="vogent")
        for n in range(10_000)
    ]

    assert desk.add(campaign.id, people) == Added(10_000, 0)
    assert desk.add(campaign.id, people) == Added(0, 10_000)
