from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.words import Outcome
from simulator.calls import Call, Order, Settle, State
from simulator.clock import VirtualClock
from simulator.faults.board import Board
from simulator.faults.rules import FaultPlan, Rule
from simulator.identity import Identity
from simulator.lanes import Lane
from simulator.ledger import Ledger
from simulator.network import Conditions, Network
from simulator.people import EndedBy, People, Reaction

SCRIPT = People(mode="script", ring_seconds=(10, 10), talk_seconds=(60, 60))


class Town:
    """A network with everything around it."""

    def __init__(
        self,
        *,
        people: People = SCRIPT,
        seed: int = 0,
        speed: float = 1.0,
        faults: Sequence[Rule] = (),
        lines: int = 100,
    ) -> None:
        self.clock = VirtualClock()
        self.ledger = Ledger()
        self.network = Network(
            clock=self.clock,
            ledger=self.ledger,
            identity=Identity(self.clock, seed="ids"),
            mishaps=Board(FaultPlan(rules=faults)),
            conditions=Conditions(people=people, seed=seed, speed=speed),
        )
        self.trunk = self.network.trunk(lines)

    def order(self, ending: int = 0, **more: object) -> Order:
        fields: dict[str, object] = {
            "provider": "vogent",
            "account": "test-key",
            "number": f"+131255501{ending:02}",
            "accepted_at": self.clock.now(),
            "body_sha256": "0" * 64,
        }
        return Order(**(fields | more))  # pyright: ignore[reportArgumentType]

    def place(self, ending: int = 0, lane: Lane | None = None, **more: object) -> Call:
        return self.network.place(self.order(ending, **more), lane or self.trunk.own)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.network.advance()

    def story(self) -> list[tuple[str, float, object, int]]:
        return [
            (ring.call.number, ring.rang_at, ring.call.outcome, ring.call.talk_seconds)
            for ring in self.ledger.rings
        ]


def run(town: Town, *, steps: Sequence[float], endings: Sequence[int]) -> Town:
    for ending in endings:
        town.place(ending)
    for step in steps:
        town.wait(step)
    return town


def most_at_once(calls: Sequence[Call]) -> int:
    rung = [(call.rang_at, call.over_at or inf) for call in calls if call.rang_at is not None]
    return max((sum(start <= moment < end for start, end in rung) for moment, _ in rung), default=0)


def test_the_same_seed_lets_the_same_numbers_ring_the_same() -> None:
    endings = [*range(100)]

    first = run(Town(people=People(), seed=7, lines=5), steps=[10_000], endings=endings)
    again = run(Town(people=People(), seed=7, lines=5), steps=[10_000], endings=endings)
    other = run(Town(people=People(), seed=8, lines=5), steps=[10_000], endings=endings)

    assert first.story() == again.story()
    assert first.story() != other.story()


def test_how_often_somebody_looks_changes_nothing() -> None:
    endings = [*range(60)]

    seldom = run(Town(people=People(), lines=3), steps=[6000], endings=endings)
    often = run(Town(people=People(), lines=3), steps=[7.5] * 800, endings=endings)

    assert seldom.story() == often.story()


def test_the_second_ring_of_a_number_is_another_draw() -> None:
    town = run(Town(people=People()), steps=[5000], endings=[*range(100), *range(100)])

    outcomes = [ring.call.outcome for ring in town.ledger.rings]

    assert outcomes[:100] != outcomes[100:]
    assert [ring.nth for ring in town.ledger.rings[100:]] == [2] * 100


@settings(max_examples=60, deadline=None)
@given(
    lines=st.integers(1, 6),
    lanes=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 12)), min_size=1, max_size=4),
    steps=st.lists(st.floats(0, 90), max_size=20),
)
def test_no_more_calls_are_live_than_trunk_and_lane_have_room_for(
    lines: int, lanes: list[tuple[int, int]], steps: list[float]
) -> None:
    town = Town(people=People(), lines=lines)
    batches: list[tuple[int, list[Call]]] = []
    for capacity, size in lanes:
        lane = town.network.lane(town.trunk, capacity=capacity)
        batches.append((capacity, [town.place(ending, lane) for ending in range(size)]))

    for step in steps:
        town.wait(step)
    town.wait(50_000)

    assert most_at_once([call for _, calls in batches for call in calls]) <= lines
    assert all(most_at_once(calls) <= capacity for capacity, calls in batches)
    assert all(call.over(town.network.now) for _, calls in batches for call in calls)


def test_a_free_line_is_taken_in_the_moment_it_is_free() -> None:
    town = Town(lines=1)
    first, second = town.place(20), town.place(21)

    town.wait(1000)

    assert first.over_at is not None
    assert second.rang_at == first.over_at


def test_a_call_goes_through_its_states_at_its_own_moments() -> None:
    town = Town()
    start = town.clock.now()
    call = town.place(0, not_before=start + 30)
    town.wait(1000)
    talk = call.talk_seconds

    states = [call.state(start + at) for at in (0, 29.9, 30, 39.9, 40, 40 + talk - 0.1, 40 + talk)]

    assert states == [
        State.SCHEDULED,
        State.SCHEDULED,
        State.RINGING,
        State.RINGING,
        State.TALKING,
        State.TALKING,
        State.ENDED,
    ]


def test_speed_shortens_the_wait_and_not_the_reported_duration() -> None:
    town, real = Town(speed=100), Town()
    fast, slow = town.place(0), real.place(0)

    town.wait(10)
    real.wait(1000)

    assert fast.talk_seconds == slow.talk_seconds == 60
    assert fast.answered_at is not None
    assert fast.rang_at is not None
    assert fast.answered_at - fast.rang_at == pytest.approx(0.1)
    assert fast.over_at == pytest.approx(fast.answered_at + 0.6)
    assert fast.ended_at == pytest.approx(fast.answered_at + 60)
    assert slow.ended_at == slow.over_at


@pytest.mark.parametrize(
    "ending,outcome,talks",
    [
        (0, Outcome.ANSWERED, True),
        (1, Outcome.VOICEMAIL, True),
        (2, Outcome.NO_ANSWER, False),
        (3, Outcome.BUSY, False),
        (4, Outcome.FAILED, False),
        (5, Outcome.TRANSFERRED, True),
        (7, Outcome.UNKNOWN, False),
        (8, Outcome.ANSWERED, True),
        (9, Outcome.INVALID_NUMBER, False),
        (13, Outcome.UNKNOWN, True),
        (42, Outcome.ANSWERED, True),
    ],
)
def test_the_last_two_digits_say_how_a_scripted_ring_goes(
    ending: int, outcome: Outcome, *, talks: bool
) -> None:
    town = Town()
    call = town.place(ending)

    town.wait(1000)

    assert call.outcome is outcome
    assert (call.talk_seconds > 0) is talks


def test_a_scripted_number_may_answer_only_the_second_time() -> None:
    town = Town()
    first = town.place(10)
    town.wait(1000)
    second = town.place(10)
    town.wait(1000)
    third = town.place(10)
    town.wait(1000)

    assert [call.outcome for call in (first, second, third)] == [
        Outcome.NO_ANSWER,
        Outcome.ANSWERED,
        Outcome.ANSWERED,
    ]


def test_a_script_of_ones_own_goes_before_the_one_that_is_built_in() -> None:
    town = Town(people=People(mode="script", script={"00": [Reaction.BUSY]}))
    call = town.place(0)

    town.wait(100)

    assert call.outcome is Outcome.BUSY


def test_a_stuck_call_never_ends() -> None:
    town = Town()
    call = town.place(6)

    town.wait(1_000_000)

    assert call.state(town.network.now) is State.TALKING
    assert town.ledger.rings[0].row()["over_at"] is None


def test_a_call_that_waits_can_be_taken_back_and_one_that_rings_cannot() -> None:
    town = Town(lines=1)
    rings, waits = town.place(0), town.place(1)

    assert not town.network.cancel(rings)
    assert town.network.cancel(waits)
    assert not town.network.cancel(waits)
    town.wait(1000)

    assert waits.outcome is Outcome.CANCELLED
    assert [ring.call for ring in town.ledger.rings] == [rings]


def test_hanging_up_ends_a_call_with_the_seconds_it_has_had() -> None:
    town = Town()
    call = town.place(0)
    town.wait(10 + 20)

    assert town.network.hang_up(call)
    assert not town.network.hang_up(call)
    town.wait(1000)

    assert (call.talk_seconds, call.ended_by, call.outcome) == (
        20,
        EndedBy.CLIENT,
        Outcome.ANSWERED,
    )


def test_hanging_up_while_it_rings_cancels_it() -> None:
    town = Town()
    call = town.place(0)
    town.wait(4)

    assert town.network.hang_up(call)
    town.wait(1000)

    assert (call.outcome, call.talk_seconds, call.answered_at) == (Outcome.CANCELLED, 0, None)


def test_calls_wait_in_a_closed_lane_and_ring_when_it_opens() -> None:
    town = Town()
    lane = town.network.lane(town.trunk, is_open=False)
    call = town.place(0, lane)
    town.wait(500)
    assert call.state(town.network.now) is State.QUEUED

    town.network.open_lane(lane)

    assert call.rang_at == town.network.now


def test_a_lane_starts_calls_only_inside_its_window() -> None:
    town = Town(lines=1)
    start = town.clock.now()
    windows = [(start + 100, start + 150), (start + 500, inf)]
    lane = town.network.lane(
        town.trunk, window=lambda at: next(max(at, low) for low, high in windows if at < high)
    )
    calls = [town.place(20 + index, lane) for index in range(3)]

    town.wait(5000)

    rang = [call.rang_at - start for call in calls if call.rang_at is not None]
    assert rang == [100, 500, 570]


def test_a_call_that_finds_no_line_in_time_fails_unrung() -> None:
    town = Town(lines=1)
    town.place(0)
    late = town.place(1, not_after=town.clock.now() + 5)

    town.wait(1000)

    assert (late.outcome, late.rang) == (Outcome.FAILED, False)
    assert len(town.ledger.rings) == 1


def test_a_conversation_is_cut_at_the_longest_duration() -> None:
    town = Town()
    call = town.place(0, max_seconds=25)

    town.wait(1000)

    assert (call.talk_seconds, call.ended_by) == (25, EndedBy.TIMEOUT)


def test_late_fields_appear_after_the_end_one_by_one() -> None:
    town = Town(speed=2)
    call = town.place(0)
    town.wait(1000)
    assert call.over_at is not None
    delay = Settle().recording / 2

    assert not call.settled("recording", call.over_at + delay - 0.1)
    assert call.settled("recording", call.over_at + delay)
    assert call.updated_at(call.over_at + delay) == call.over_at + delay
    assert call.updated_at(call.over_at) == call.over_at


def test_the_cost_is_that_of_the_seconds_talked_and_never_below_the_minimum() -> None:
    town = Town()
    talked, missed, never = town.place(0), town.place(2), town.place(0, not_before=inf)
    town.wait(1000)

    assert talked.cost(0.14) == pytest.approx(0.14)
    assert missed.cost(0.14, minimum=0.015) == pytest.approx(0.015)
    assert never.cost(0.14, minimum=0.015) == 0


def test_two_open_rings_of_one_number_are_noticed() -> None:
    town = Town()
    town.place(0, provider="bland", key="a")
    town.place(0, provider="vapi", key="a")
    town.wait(1000)
    town.place(0, key="b")
    town.wait(1000)

    stats = town.ledger.stats()

    assert [ring.overlaps for ring in town.ledger.rings] == [False, True, False]
    assert stats["rung_while_open"] == ["+13125550100"]
    assert stats["duplicate_keys"] == {"a": 2}


def test_a_provider_that_dials_again_by_itself_is_told_from_a_client_that_does() -> None:
    town = Town(faults=[Rule.model_validate({"fault": {"kind": "redial"}, "count": 1})])
    call = town.place(2, batch_id="b", key="k")

    town.wait(1000)

    first, second = town.ledger.rings
    assert second.call.redial_of == first.call.id == call.id
    assert town.network.batch("b") == [first.call, second.call]
    assert town.ledger.stats()["duplicate_keys"] == {}
    assert town.ledger.stats()["provider_redials"] == 1


def test_a_lost_order_never_rings() -> None:
    town = Town(faults=[Rule.model_validate({"fault": {"kind": "drop_call"}, "nth": [2]})])
    calls = [town.place(20 + index) for index in range(3)]

    town.wait(1000)

    assert [call.dropped for call in calls] == [False, True, False]
    assert [ring.call for ring in town.ledger.rings] == [calls[0], calls[2]]
    assert town.network.calls("vogent", "test-key") == [calls[0], calls[2]]


def test_a_fault_can_let_a_call_never_end_or_end_strangely() -> None:
    rules = [
        Rule.model_validate({"fault": {"kind": "stuck_call"}, "nth": [1]}),
        Rule.model_validate({"fault": {"kind": "strange_end"}, "nth": [1]}),
    ]
    town = Town(faults=rules)
    calls = [town.place(20), town.place(21), town.place(22)]

    town.wait(5000)

    assert [call.reaction for call in calls] == [
        Reaction.STUCK,
        Reaction.STRANGE,
        Reaction.ANSWERED,
    ]


def test_a_clock_that_is_set_back_does_not_turn_time_around() -> None:
    town = Town()
    call = town.place(0)
    town.wait(50)
    before = town.network.now

    town.clock._now -= 1000
    town.network.advance()

    assert town.network.now == before
    assert call.state(town.network.now) is State.TALKING
