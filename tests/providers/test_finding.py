"""What a look-up for single calls makes of calls that were placed twice."""

from datetime import UTC, datetime

from campaign.calls import SubmissionRef
from providers.finding import Hit, sorted_out

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
OURS = SubmissionRef(
    tag="od1-a-1", provider_batch_id=None, since=NOW, keys=frozenset({"one", "two"})
)


def hit(call_id: str, key: str | None, *, dialling: bool = True) -> Hit:
    return Hit(id=call_id, key=key, created_at=NOW, dialling=dialling)


def test_the_first_call_of_each_key_is_one_find_and_the_second_is_another() -> None:
    first, second = sorted_out(
        OURS, [hit("a", "one"), hit("b", "two"), hit("c", "one", dialling=False)]
    )

    assert first.call_ids == {"one": "a", "two": "b"}
    assert second.call_ids == {"one": "c"}
    assert (first.dialling, second.dialling) == (True, False)


def test_a_call_that_is_listed_twice_is_one_call() -> None:
    (found,) = sorted_out(OURS, [hit("a", "one"), hit("a", "one")])

    assert found.call_ids == {"one": "a"}


def test_a_call_with_our_tag_and_no_key_of_ours_tells_that_the_submission_is_there() -> None:
    (found,) = sorted_out(OURS, [hit("a", None), hit("b", "foreign")])

    assert found.provider_batch_id == OURS.tag
    assert found.call_ids == {}


def test_where_nothing_is_hit_nothing_is_found() -> None:
    assert sorted_out(OURS, []) == []
