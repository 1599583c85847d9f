import statistics
from dataclasses import replace
from decimal import Decimal

import pytest

from campaign.comparison import ProviderFigures
from campaign.words import Outcome
from store.reports import comparisons
from tests.store.desk import Desk, listed

REACHED, OTHER = Outcome.ANSWERED, Outcome.NO_ANSWER


def compared(desk: Desk, campaign_id: str) -> list[ProviderFigures]:
    return desk.ledger.run_sync(comparisons.by_provider, campaign_id)


def test_calls_people_cost_and_length_are_counted_from_the_rows(desk: Desk) -> None:
    batch = desk.placed(people=5)
    answered, transferred, machine, silent, ringing = desk.calls(batch)
    calls = [
        replace(answered, cost_usd=Decimal("0.20"), duration_seconds=30.0),
        replace(transferred, outcome=Outcome.TRANSFERRED, duration_seconds=50.0),
        replace(machine, outcome=Outcome.VOICEMAIL, cost_usd=Decimal("0.10")),
        replace(silent, outcome=OTHER, duration_seconds=None),
        replace(ringing, over=False, ended_at=None, cost_usd=Decimal(9)),
    ]
    desk.page(batch, [listed(call) for call in calls])

    [found] = compared(desk, batch.batch_id.partition("-")[0])

    assert found == ProviderFigures(
        provider="vogent",
        calls=4,
        answered=2,
        people=4,
        reached=2,
        priced=2,
        priced_answered=1,
        cost_usd=Decimal("0.3"),
        median_seconds=40.0,
    )
    assert found.cost_per_answered == Decimal("0.3")


def test_a_person_who_is_called_twice_is_one_person(desk: Desk) -> None:
    batch = desk.placed(people=1)
    [call] = desk.calls(batch, OTHER)
    desk.page(batch, [listed(call)])
    desk.later(days=1)
    again = desk.plan(batch.batch_id.partition("-")[0])
    assert again is not None
    desk.submit(again)
    desk.page(again, [listed(one) for one in desk.calls(again, REACHED)])

    [found] = compared(desk, batch.batch_id.partition("-")[0])

    assert (found.calls, found.people, found.answered, found.reached) == (2, 1, 1, 1)


def test_other_campaigns_do_not_count(desk: Desk) -> None:
    batch = desk.placed(people=2)
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    empty = desk.campaign(people=1, name="autumn", first=10)

    assert compared(desk, empty.id) == []


@pytest.mark.parametrize("people", [1, 2, 3, 4, 7])
def test_the_median_is_the_one_in_the_middle_or_between_the_two_there(
    desk: Desk, people: int
) -> None:
    batch = desk.placed(people=people)
    lengths = [10.0 * (1 + n * n) for n in range(people)]
    calls = [
        replace(call, duration_seconds=length)
        for call, length in zip(desk.calls(batch), reversed(lengths), strict=True)
    ]
    desk.page(batch, [listed(call) for call in calls])

    [found] = compared(desk, batch.batch_id.partition("-")[0])

    assert found.median_seconds == pytest.approx(statistics.median(lengths))
