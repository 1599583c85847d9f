from collections import Counter
from uuid import UUID

import pytest
from pydantic import ValidationError

from simulator.calls import Call, Order, Settle
from simulator.clock import VirtualClock, iso_utc, parse_moment
from simulator.conversation import analysis, recording, summary, turns
from simulator.identity import Identity
from simulator.keys import find_key, find_tag
from simulator.people import EndedBy, People, Plan, Reaction, plan_ring


def call(reaction: Reaction, *, talk: int = 60, number: str = "+13125550120") -> Call:
    order = Order(
        provider="vogent", account="k", number=number, accepted_at=0, body_sha256="", details={}
    )
    return Call(
        id="c",
        order=order,
        position=0,
        speed=1,
        settle=Settle(),
        created_at=0,
        rang_at=0,
        answered_at=10,
        over_at=10 + talk,
        talk_seconds=talk,
        ring_seconds=10,
        plan=Plan(reaction=reaction, ring_seconds=10, talk_seconds=talk, ended_by=EndedBy.AGENT),
    )


def test_outcomes_are_drawn_in_the_proportions_of_the_mix() -> None:
    people = People(mix={Reaction.ANSWERED: 3, Reaction.BUSY: 1})

    drawn = Counter(
        plan_ring(people, seed=0, number=f"+1312555{index:04}", nth=1).reaction
        for index in range(2000)
    )

    assert set(drawn) == {Reaction.ANSWERED, Reaction.BUSY}
    assert 0.70 < drawn[Reaction.ANSWERED] / 2000 < 0.80


def test_times_stay_within_their_bounds_and_are_zero_when_nobody_picks_up() -> None:
    people = People(ring_seconds=(3, 5), talk_seconds=(20, 90), give_up_seconds=25)

    for index in range(500):
        plan = plan_ring(people, seed=0, number=f"+1312555{index:04}", nth=1)
        if plan.picked_up:
            assert 3 <= plan.ring_seconds <= 5
            assert 20 <= plan.talk_seconds <= 90
        else:
            assert plan.talk_seconds == 0
            assert plan.ring_seconds in {1, 2, 25}


@pytest.mark.parametrize("mix", [{}, {"busy": 0}, {"busy": -1, "answered": 2}])
def test_a_mix_must_weigh_something(mix: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="weights must not be negative"):
        People.model_validate({"mix": mix})


@pytest.mark.parametrize(
    "reaction,speakers",
    [
        (Reaction.ANSWERED, {"agent", "person"}),
        (Reaction.VOICEMAIL, {"agent", "person"}),
        (Reaction.SILENT, {"agent"}),
    ],
)
def test_a_conversation_fits_into_its_call(reaction: Reaction, speakers: set[str]) -> None:
    said = turns(call(reaction))

    assert {turn.speaker for turn in said} == speakers
    assert [turn.start for turn in said] == sorted(turn.start for turn in said)
    assert all(0 <= turn.start < turn.end <= 60 for turn in said)


def test_somebody_who_opts_out_says_so_and_the_analysis_knows() -> None:
    opted_out = call(Reaction.OPTED_OUT)

    assert "not call me again" in turns(opted_out)[-2].text
    assert analysis(opted_out)["do_not_call"] is True
    assert "not to be called again" in summary(opted_out)
    assert analysis(call(Reaction.ANSWERED))["do_not_call"] is False


def test_nothing_is_said_on_a_call_that_nobody_answered() -> None:
    missed = call(Reaction.NO_ANSWER, talk=0)
    missed.answered_at = None

    assert (turns(missed), analysis(missed)) == ([], {})


def test_a_recording_is_a_sound_file() -> None:
    wav = recording(call(Reaction.ANSWERED))

    assert (wav[:4], wav[8:12]) == (b"RIFF", b"WAVE")
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8


def test_ids_have_the_forms_of_the_providers() -> None:
    identity = Identity(clock := VirtualClock(), seed="s")

    versions = [UUID(identity.uuid4()).version, UUID(first := identity.uuid7()).version]
    clock.advance(0.001)

    assert versions == [4, 7]
    assert UUID(first).variant == UUID(identity.uuid4()).variant
    assert identity.uuid7() > first
    assert len(identity.hexadecimal(24)) == 24
    assert Identity(clock, seed="s").uuid4() == Identity(clock, seed="s").uuid4()


def test_the_clients_ids_are_found_under_any_of_their_names() -> None:
    assert find_key(None, "text", {"outdial_key": ""}, {"runner_row_id": "r1"}) == "r1"
    assert find_key({"outdial_key": 7}) is None
    assert find_tag({"outdial_tag": "od1-x"}) == "od1-x"


@pytest.mark.parametrize(
    "text,moment",
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01 01:01:00+01:00", 60),
        ("1970-01-01T00:01:00.500", 60.5),
        ("1970-01-02", 86_400),
    ],
)
def test_a_moment_without_an_offset_is_utc(text: str, moment: float) -> None:
    assert parse_moment(text) == moment


def test_a_moment_is_written_in_utc_with_z() -> None:
    assert iso_utc(60.25) == "1970-01-01T00:01:00.250Z"
    assert iso_utc(60.25, digits=0) == "1970-01-01T00:01:00Z"


def test_a_virtual_clock_only_moves_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        VirtualClock().advance(-1)
