"""What is to be sent again, and of which a call turns up before it is."""

from datetime import timedelta

import pytest

from campaign.candidates import Ruling
from campaign.errors import Stopped
from campaign.states import SubmissionState
from campaign.words import Outcome
from store.batches import views as batches
from store.decisions import holding
from store.submissions import claiming, screening
from store.submissions import views as submissions
from tests.store.desk import Desk, listed
from tests.store.test_surplus import (
    ANN,
    batch_of,
    callable_,
    claimed,
    held,
    in_doubt,
    next_due,
    planned,
    second_request,
    seen,
)

MINUTE = timedelta(minutes=1)


def goes_on(desk: Desk, tag: str, *keys: str | None) -> None:
    """A list that several submissions share shows calls of the first request, not over yet."""
    calls = [
        desk.call(key, Outcome.UNKNOWN, id=f"first-{no}", over=False, ended_at=None)
        for no, key in enumerate(keys)
    ]
    raw = [listed(call, version=tag) for call in calls]
    desk.page(planned(desk, tag), raw, own_only=False)


def look(desk: Desk, tag: str) -> int:
    return desk.ledger.run_sync(screening.drop_uncallable, tag, desk.now, callable_)


def keys_of(desk: Desk, tag: str) -> list[str]:
    return [one["key"] for one in desk.attempts(tag=tag)]


def events(desk: Desk, tag: str) -> list[str]:
    return [one["event"] for one in desk.rows("submit_log", "id", tag=tag)]


def test_what_a_known_call_proves_to_have_been_placed_is_adopted_and_not_sent_again(
    desk: Desk,
) -> None:
    tag = second_request(desk, people=2)
    talking, waits = keys_of(desk, tag)
    goes_on(desk, tag, talking)

    assert look(desk, tag) == 0

    view = seen(desk, tag)
    assert (view.state, view.provider_batch_id) == (SubmissionState.ACCEPTED, tag)
    assert desk.ledger.run_sync(submissions.calls_to_place, tag) == ()
    assert events(desk, tag)[-1] == "adopted"
    found = {one["key"]: (one["state"], one["provider_call_id"]) for one in desk.attempts(tag=tag)}
    assert found == {talking: ("submitted", "first-0"), waits: ("submitted", None)}
    assert all(one["dialled_at"] for one in desk.attempts(tag=tag))
    assert next_due(desk, tag) == desk.now + timedelta(minutes=15)


def test_a_call_that_turns_up_between_the_claim_and_the_first_byte_holds_it_back(
    desk: Desk,
) -> None:
    tag = second_request(desk)
    (key,) = keys_of(desk, tag)
    epoch = desk.ledger.run_sync(
        claiming.claim, tag, owner="me", body=b"{}", keys=[key], start_at=None, now=desk.now,
        lease=5 * MINUTE,
    )  # fmt: skip
    assert epoch is not None
    goes_on(desk, tag, key)

    with pytest.raises(Stopped, match="placed before"):
        desk.ledger.run_sync(claiming.mark_wire, tag, epoch, desk.now, dials=True)
    assert seen(desk, tag).wire_at is None

    assert desk.ledger.run_sync(claiming.release, tag, epoch, desk.now, reason="a call is known")
    look(desk, tag)
    assert seen(desk, tag).state is SubmissionState.ACCEPTED


def test_a_call_that_nobody_explains_is_a_proof_as_well(desk: Desk) -> None:
    tag = second_request(desk)
    goes_on(desk, tag, f"{tag}-9")
    assert desk.incidents() == ["orphan_call"]

    look(desk, tag)

    assert seen(desk, tag).state is SubmissionState.ACCEPTED
    assert [one["provider_call_id"] for one in desk.attempts(tag=tag)] == [None]


def test_a_call_of_another_submission_of_the_batch_proves_nothing(desk: Desk) -> None:
    tag, other = in_doubt(desk, people=2, submission_size=1)
    held(desk, tag)
    assert desk.ledger.run_sync(holding.confirm_not_placed, tag, ANN, desk.now)
    goes_on(desk, tag, *keys_of(desk, other))

    look(desk, tag)

    assert seen(desk, tag).state is SubmissionState.PLANNED
    assert claimed(desk, tag)


def test_what_was_placed_is_not_called_off_either(desk: Desk) -> None:
    tag = second_request(desk)
    goes_on(desk, tag, *keys_of(desk, tag))
    later = Ruling.later(desk.now, "its batch was stopped")

    assert not desk.ledger.run_sync(screening.call_off, tag, desk.now, later)

    assert seen(desk, tag).state is SubmissionState.ACCEPTED
    assert [one["state"] for one in desk.recipients()] == ["open"]
    reference = desk.ledger.run_sync(batches.reference, batch_of(desk, tag).id)
    assert reference is not None
    assert list(reference.open_calls) == ["first-0"]


def test_what_was_refused_for_now_is_adopted_if_a_call_of_it_turns_up(desk: Desk) -> None:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    (tag,) = batch.tags
    epoch = claimed(desk, tag)
    desk.ledger.run_sync(claiming.release, tag, epoch, desk.now, reason="too fast", status=429)
    goes_on(desk, tag, *keys_of(desk, tag))

    look(desk, tag)

    assert seen(desk, tag).state is SubmissionState.ACCEPTED
