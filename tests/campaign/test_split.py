from collections import Counter

from campaign.spec import Share
from campaign.split import splitter

SHARES = [
    Share(provider="vogent", share=0.5),
    Share(provider="vapi", share=0.3),
    Share(provider="bland", share=0.2),
]
NUMBERS = [f"+1{area}5550{last}" for area in range(200, 999) for last in range(100, 200, 4)]


def test_a_person_always_gets_the_same_provider() -> None:
    first, again = splitter("spring", SHARES), splitter("spring", SHARES)

    assert [first(number) for number in NUMBERS] == [again(number) for number in NUMBERS]


def test_the_shares_are_kept() -> None:
    counts = Counter(map(splitter("spring", SHARES), NUMBERS))

    for share in SHARES:
        # Four standard deviations of a fair draw over 20,000 people.
        assert abs(counts[share.provider] / len(NUMBERS) - share.share) < 0.015


def test_another_campaign_splits_its_people_anew() -> None:
    spring, autumn = splitter("spring", SHARES), splitter("autumn", SHARES)

    same = sum(spring(number) == autumn(number) for number in NUMBERS)

    assert 0.3 < same / len(NUMBERS) < 0.46  # 0.38 by chance


def test_shares_that_add_up_only_nearly_leave_nobody_out() -> None:
    third = [Share(provider=name, share=1 / 3) for name in ("a", "b", "c")]

    assert set(map(splitter("x", third), NUMBERS)) == {"a", "b", "c"}


def test_a_single_provider_gets_everybody() -> None:
    only = splitter("x", [Share(provider="vapi", share=1)])

    assert {only(number) for number in NUMBERS} == {"vapi"}
