"""The simulated telephone network: a heap of what will happen, and the calls it happens to.

Nothing runs in the background. Every request first advances the network to the clock's time, and
each event then happens at its own moment, in order: what comes out does not depend on how often
somebody looks.

Ring and talk times are simulated seconds and pass `speed` times faster on the wall. Moments are
always wall clock, because clients send and expect wall-clock times; a reported end is the start
plus the simulated duration.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf
from typing import Protocol

from campaign.words import Outcome
from simulator.calls import Call, Order, Settle
from simulator.clock import Clock
from simulator.identity import Identity
from simulator.lanes import Lane, Trunk, Window, always
from simulator.ledger import Ledger
from simulator.people import EndedBy, People, Plan, Reaction, plan_ring


class Mishaps(Protocol):
    """What may go wrong with an order inside the provider (see `simulator.faults`)."""

    def drops(self, order: Order) -> bool:
        """The provider loses the order without a word."""
        ...

    def redials(self, call: Call) -> bool:
        """The provider rings again by itself after an unanswered call."""
        ...

    def befalls(self, call: Call, plan: Plan) -> Plan:
        """Another course for a ring that is about to begin."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The nature of a network."""

    people: People = field(default_factory=People)
    settle: Settle = field(default_factory=Settle)
    seed: int = 0
    speed: float = 1.0
    """How many times faster than life ringing and talking pass."""


@dataclass(slots=True, kw_only=True)
class _Slot:
    """What the network must remember of a call, and no dialect needs."""

    lane: Lane
    mint: Callable[[], str]


class Network:
    """One telephone network for all five providers."""

    def __init__(
        self,
        *,
        clock: Clock,
        ledger: Ledger,
        identity: Identity,
        mishaps: Mishaps,
        conditions: Conditions | None = None,
    ) -> None:
        self.identity = identity
        self.conditions = conditions or Conditions()
        self.speed = self.conditions.speed
        self._clock = clock
        self._ledger = ledger
        self._mishaps = mishaps
        self._now = clock.now()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = count()
        self._by_id: dict[str, Call] = {}
        self._by_account: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
        self._by_batch: defaultdict[str, list[Call]] = defaultdict(list)
        self._ended: defaultdict[str, list[Call]] = defaultdict(list)
        self._slots: dict[Call, _Slot] = {}

    @property
    def now(self) -> float:
        """The moment the network has been advanced to; inside an event, the event's own."""
        return self._now

    def advance(self) -> float:
        """Let everything happen that is due by the clock, and return the time."""
        target = max(self._clock.now(), self._now)
        while self._events and self._events[0][0] <= target:
            moment, _, action = heappop(self._events)
            self._now = max(moment, self._now)
            action()
        self._now = target
        return target

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a wall-clock moment."""
        heappush(self._events, (moment, next(self._sequence), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after simulated seconds."""
        self.at(self._now + seconds / self.speed, action)

    # Lanes

    def trunk(self, capacity: int) -> Trunk:
        """Lay the lines of an account: at most `capacity` calls at a time."""
        return Trunk(capacity=capacity)

    def lane(
        self,
        trunk: Trunk,
        *,
        capacity: int | None = None,
        is_open: bool = True,
        window: Window = always,
    ) -> Lane:
        """A queue on a trunk.

        While it is closed its calls wait; `window` says when calls may start.
        """
        return Lane(trunk=trunk, capacity=capacity, is_open=is_open, window=window)

    def open_lane(self, lane: Lane) -> None:
        """Let the lane's calls start; harmless when it is open.

        Call it also after changing capacity or window.
        """
        lane.is_open = True
        lane.wakes_at = None
        self._dispatch(lane.trunk)

    def close_lane(self, lane: Lane) -> None:
        """Let no further call of the lane start; live ones go on."""
        lane.is_open = False

    # Calls

    def place(self, order: Order, lane: Lane, *, mint: Callable[[], str] | None = None) -> Call:
        """Take an order: the call waits for its start time and for a line, then rings.

        `mint` makes its id (and that of a redial); by default a random UUID.
        """
        call = self._new_call(order, _Slot(lane=lane, mint=mint or self.identity.uuid4))
        if self._mishaps.drops(order):
            call.dropped = True
            self._finish(call, Outcome.CANCELLED, EndedBy.NETWORK)
        elif order.not_before is not None and order.not_before > self._now:
            self.at(order.not_before, lambda: self._enqueue(call))
        else:
            self._enqueue(call)
        return call

    def call(self, call_id: str) -> Call | None:
        """The call with an id."""
        return self._by_id.get(call_id)

    def batch(self, batch_id: str) -> list[Call]:
        """The calls of a batch in the order of placing.

        Redials are among them, and dropped ones too (`Exchange.shows` hides those).
        """
        return list(self._by_batch.get(batch_id, ()))

    def ended(self, batch_id: str) -> Sequence[Call]:
        """The calls of a batch that have rung and ended, in the order of their ends."""
        return self._ended.get(batch_id, ())

    def calls(self, provider: str, account: str) -> list[Call]:
        """The calls of one account in the order of placing, dropped ones excluded."""
        return [call for call in self._by_account[provider, account] if not call.dropped]

    def cancel(self, call: Call) -> bool:
        """Take back a call that has not rung yet. False: too late."""
        if call.rang_at is not None or call.over_at is not None:
            return False
        self._finish(call, Outcome.CANCELLED, EndedBy.CLIENT)
        return True

    def hang_up(self, call: Call) -> bool:
        """End a live call now. False: it is not live."""
        if call.rang_at is None or call.over_at is not None or call.plan is None:
            return False
        if call.answered_at is None:
            call.ring_seconds = ceil((self._now - call.rang_at) * self.speed)
            self._finish(call, Outcome.CANCELLED, EndedBy.CLIENT)
        else:
            call.talk_seconds = ceil((self._now - call.answered_at) * self.speed)
            self._finish(call, call.plan.outcome, EndedBy.CLIENT)
        return True

    # What happens

    def _new_call(self, order: Order, slot: _Slot) -> Call:
        call = Call(
            id=slot.mint(),
            order=order,
            position=len(self._slots),
            speed=self.speed,
            settle=self.conditions.settle,
            created_at=self._now,
        )
        self._slots[call] = slot
        self._by_id[call.id] = call
        self._by_account[order.provider, order.account].append(call)
        if order.batch_id is not None:
            self._by_batch[order.batch_id].append(call)
        return call

    def _enqueue(self, call: Call) -> None:
        if call.over_at is not None:
            return
        lane = self._slots[call].lane
        call.queued_at = self._now
        lane.waiting.append(call)
        if lane not in lane.trunk.lanes:
            lane.trunk.lanes.append(lane)
        if call.order.not_after is not None:
            self.at(call.order.not_after, lambda: self._give_up(call))
        self._dispatch(lane.trunk)

    def _give_up(self, call: Call) -> None:
        if call.rang_at is None and call.over_at is None:
            self._finish(call, Outcome.FAILED, EndedBy.NETWORK)

    def _dispatch(self, trunk: Trunk) -> None:
        for lane in list(trunk.lanes):
            while lane.waiting and lane.has_room and trunk.has_room and self._in_window(lane):
                call = lane.waiting.popleft()
                if call.over_at is None:
                    self._ring(call, lane)
            if not lane.waiting:
                trunk.lanes.remove(lane)

    def _in_window(self, lane: Lane) -> bool:
        opens = lane.window(self._now)
        if opens <= self._now:
            return True
        if opens < inf and lane.wakes_at != opens:
            lane.wakes_at = opens
            self.at(opens, lambda: self._dispatch(lane.trunk))
        return False

    def _ring(self, call: Call, lane: Lane) -> None:
        nth = self._ledger.nth(call.number)
        drawn = plan_ring(
            self.conditions.people, seed=self.conditions.seed, number=call.number, nth=nth
        )
        plan = self._mishaps.befalls(call, drawn)
        call.plan, call.rang_at = plan, self._now
        lane.live.add(call)
        lane.trunk.live.add(call)
        lane.trunk.busiest = max(lane.trunk.busiest, len(lane.trunk.live))
        self._ledger.add_ring(call, nth)
        self.after(plan.ring_seconds, lambda: self._ring_out(call, plan))

    def _ring_out(self, call: Call, plan: Plan) -> None:
        if call.over_at is not None:
            return
        call.ring_seconds = plan.ring_seconds
        if not plan.picked_up:
            self._finish(call, plan.outcome, plan.ended_by)
            if self._mishaps.redials(call):
                self._redial(call)
            return
        call.answered_at = self._now
        if plan.reaction is not Reaction.STUCK:
            seconds = min(plan.talk_seconds, call.order.max_seconds)
            self.after(seconds, lambda: self._talked_out(call, plan))

    def _talked_out(self, call: Call, plan: Plan) -> None:
        if call.over_at is not None:
            return
        cut = plan.talk_seconds > call.order.max_seconds
        call.talk_seconds = int(min(plan.talk_seconds, call.order.max_seconds))
        self._finish(call, plan.outcome, EndedBy.TIMEOUT if cut else plan.ended_by)

    def _redial(self, call: Call) -> None:
        slot = self._slots[call]
        again = self._new_call(call.order, _Slot(lane=slot.lane, mint=slot.mint))
        again.redial_of = call.id
        self._enqueue(again)

    def _finish(self, call: Call, outcome: Outcome, ended_by: EndedBy) -> None:
        call.over_at, call.outcome, call.ended_by = self._now, outcome, ended_by
        slot = self._slots[call]
        if call.rang and call.order.batch_id is not None:
            ended = self._ended[call.order.batch_id]
            call.end_no = len(ended)
            ended.append(call)
        slot.lane.live.discard(call)
        slot.lane.trunk.live.discard(call)
        self._dispatch(slot.lane.trunk)
