from decimal import Decimal
from typing import Any

from campaign.comparison import ProviderFigures, verdict


def figures(provider: str, answered: int, calls: int, **changes: Any) -> ProviderFigures:
    said: dict[str, Any] = {
        "provider": provider,
        "calls": calls,
        "answered": answered,
        "people": calls,
        "reached": answered,
        "priced": calls,
        "priced_answered": answered,
        "cost_usd": Decimal(calls) / 10,
        "median_seconds": 40.0,
    }
    return ProviderFigures(**(said | changes))


def test_a_clear_difference_is_told() -> None:
    said = verdict([figures("vapi", 100, 1000), figures("bland", 400, 1000)])

    assert said == [
        "bland was answered more often than vapi: the intervals do not overlap.",
    ]


def test_intervals_that_overlap_are_told_plainly() -> None:
    said = verdict([figures("bland", 4, 10), figures("vapi", 6, 10), figures("vogent", 5, 10)])

    assert said == [
        "All intervals overlap: these calls do not tell which provider is answered most."
    ]


def test_of_three_it_is_told_which_differ_and_which_do_not() -> None:
    said = verdict(
        [figures("bland", 400, 1000), figures("vapi", 410, 1000), figures("vocode", 100, 1000)]
    )

    assert said == [
        "vapi was answered more often than vocode: the intervals do not overlap.",
        "bland was answered more often than vocode: the intervals do not overlap.",
        "The intervals overlap, so nothing is told apart: vapi and bland.",
    ]


def test_nothing_is_said_without_two_providers_that_have_called() -> None:
    assert verdict([]) == []
    assert verdict([figures("bland", 3, 9)]) == []
    assert verdict([figures("bland", 3, 9), figures("vapi", 0, 0)]) == []


def test_the_price_of_an_answered_call_carries_the_calls_that_were_not_answered() -> None:
    half_told = figures("bland", 40, 100, priced=50, priced_answered=20, cost_usd=Decimal(5))

    assert half_told.cost_per_answered == Decimal("0.25")


def test_a_price_that_nobody_told_is_none_and_not_nothing() -> None:
    untold = figures("vogent", 40, 100, priced=0, priced_answered=0, cost_usd=Decimal(0))

    assert untold.cost_per_answered is None
    assert figures("vapi", 0, 100).cost_per_answered is None


def test_a_rate_of_no_calls_is_none() -> None:
    nobody = figures("vogent", 0, 0)

    assert (nobody.answer_rate, nobody.interval) == (None, None)
