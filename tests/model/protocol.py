"""A small model of the submit protocol: two workers, pauses, kills, lost and late messages.

One submission. Each worker runs claim, wire mark, send, record; any of them may stop for any length
of time at any point (a pause is simply not being scheduled) and be killed for good, and started
anew. The network may deliver a request late, after its sender gave up, or drop it, and may lose the
answer. The provider dials for each request that arrives (or keeps an unstarted job, or refuses a
known key). `explore` walks through every state that can be reached and judges it: dialled twice, or
stuck without a decision.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Lease(StrEnum):
    """How a worker comes to believe that another is gone."""

    TIME = "time"
    """A clock: it may be wrong about a paused process."""
    FLOCK = "flock"
    """Proof of death."""


class OnMiss(StrEnum):
    """What a look-up that finds nothing leads to."""

    HOLD = "hold"
    RESUBMIT = "resubmit at once"
    QUIET = "resubmit after a quiet period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One protocol."""

    intent: bool = True
    """Committed before the request; otherwise the outcome is committed after it, and repeated on a
    lost answer.
    """
    blind_retry: bool = False
    wire_mark: bool = False
    lookup: bool = True
    lagging: bool = False
    """The provider's list may hide what it has."""
    on_miss: OnMiss = OnMiss.HOLD
    lease: Lease = Lease.TIME
    key: bool = False
    """The provider honours an idempotency key."""
    two_phase: bool = False
    """Creating rings nobody; the start goes by id."""
    stale_reset: bool = False
    """A connection that idled for the quiet period is reset by the server."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Where one worker is. `at` is its next step."""

    at: str = "idle"
    current: bool = False
    """Its claim is the ledger's latest: nobody has taken it over."""
    alive: bool = True
    aged: bool = False
    """A quiet period has passed since it set its mark."""


@dataclass(frozen=True, slots=True)
class World:
    """One state of everything."""

    db: str = "planned"
    wire: bool = False
    owner: int = -1
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    in_flight: int = 0
    """Requests on the wire that the provider has not seen."""
    dials: int = 0
    jobs: int = 0
    """Created and not started (two-phase)."""
    visible: bool = False
    """What the provider has is in its list."""
    kills: int = 2


_MOST = 3
"""Requests on the wire, or unstarted jobs: more tell nothing new."""
DECIDED = frozenset({"accepted", "held"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking through every state of a protocol has shown."""

    dials_twice: bool
    states: int
    decides: bool
    """From every state a decision can still be reached."""


def explore(variant: Variant, *, kills: int = 2) -> Verdict:
    """Walk through every state that can be reached, and judge the protocol."""
    start = World(kills=kills)
    seen = {start}
    after: dict[World, list[World]] = {}
    queue = deque([start])
    double = False
    while queue:
        world = queue.popleft()
        nexts = list(_moves(world, variant))
        after[world] = nexts
        for following in nexts:
            if following.dials > 1:
                double = True
                continue
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return Verdict(double, len(seen), _none_stuck(after, seen))


def _none_stuck(after: dict[World, list[World]], seen: set[World]) -> bool:
    before: dict[World, list[World]] = {}
    for world, nexts in after.items():
        for following in nexts:
            before.setdefault(following, []).append(world)
    fine = {world for world in seen if world.db in DECIDED}
    queue = deque(fine)
    while queue:
        for earlier in before.get(queue.popleft(), ()):
            if earlier not in fine:
                fine.add(earlier)
                queue.append(earlier)
    return fine == seen


def _moves(world: World, variant: Variant) -> Iterator[World]:
    yield from _network(world, variant)
    for index, worker in enumerate(world.workers):
        if worker.alive:
            if world.kills and worker.at != "idle":
                yield _with(world, index, Worker(alive=False), kills=world.kills - 1)
            yield from _steps(world, index, worker, variant)
        else:
            yield _with(world, index, Worker())  # Started anew.


def _with(world: World, index: int, worker: Worker, **changes: object) -> World:
    workers = list(world.workers)
    workers[index] = worker
    return replace(world, workers=(workers[0], workers[1]), **changes)  # type: ignore[arg-type]


def _overtaken(world: World) -> World:
    """The epoch moves on: no claim made before is the latest any more."""
    first, second = (replace(one, current=False) for one in world.workers)
    return replace(world, workers=(first, second))


def _network(world: World, variant: Variant) -> Iterator[World]:
    if world.in_flight:
        yield replace(world, in_flight=world.in_flight - 1)  # Lost on the way.
        yield _arrive(world, variant)
    if (world.dials or world.jobs) and not world.visible:
        yield replace(world, visible=True)


def _arrive(world: World, variant: Variant) -> World:
    """The provider takes a request."""
    visible = world.visible or not variant.lagging
    if variant.two_phase:
        jobs = min(world.jobs + 1, _MOST)
        return replace(world, in_flight=world.in_flight - 1, jobs=jobs, visible=visible)
    known = variant.key and world.dials > 0
    dials = world.dials + (0 if known else 1)
    return replace(world, in_flight=world.in_flight - 1, dials=dials, visible=visible)


def _steps(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    match worker.at:
        case "idle":
            yield from _begin(world, index, variant)
        case "claimed":
            yield from _mark(world, index, worker, variant)
        case "marked":
            yield from _send(world, index, worker, variant)
        case "sent":
            yield from _answered(world, index, worker, variant)
        case "starting":
            yield from _start(world, index, worker)
        case _:
            raise AssertionError(worker.at)


def _begin(world: World, index: int, variant: Variant) -> Iterator[World]:
    if world.db == "planned":
        if variant.intent:
            fresh = _overtaken(world)
            claimed = Worker("claimed", current=True)
            yield _with(fresh, index, claimed, db="intent", wire=False, owner=index)
        else:
            yield _with(world, index, Worker("marked", current=True))
    elif world.db == "intent" and world.owner != index and _believes_gone(world, variant):
        yield from _take_over(world, variant)
    elif world.db == "intent" and world.owner == index:
        yield from _take_over(world, variant)  # Our own, from before we were killed.
    elif world.db in {"unknown", "held"}:
        yield from _look_up(world, index, variant)
    elif world.db == "accepted" and variant.two_phase and not world.dials:
        yield _with(world, index, Worker("starting"))


def _believes_gone(world: World, variant: Variant) -> bool:
    owner = world.workers[world.owner]
    dead = not owner.alive or owner.at == "idle"
    return dead or variant.lease is Lease.TIME


def _take_over(world: World, variant: Variant) -> Iterator[World]:
    unsent = variant.wire_mark and not world.wire
    following = "planned" if unsent else "unknown"
    yield replace(_overtaken(world), db=following, owner=-1, wire=False)


def _mark(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    if not variant.wire_mark:
        yield _with(world, index, replace(worker, at="marked"))
    elif world.db == "intent" and worker.current:
        yield _with(world, index, replace(worker, at="marked"), wire=True)
    else:
        yield _with(world, index, Worker())  # Overtaken: not one byte leaves.


def _send(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    if worker.aged and variant.stale_reset:
        yield _with(world, index, Worker())  # The server has closed the idle connection.
        return
    if world.in_flight < _MOST:
        sent = replace(worker, at="sent")
        yield _with(world, index, sent, in_flight=world.in_flight + 1)


def _answered(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    """The answer comes if the provider took the request; or it is lost, or we give up waiting."""
    if not variant.intent or variant.blind_retry:
        yield _with(world, index, replace(worker, at="marked"))  # Lost: the same again.
    elif world.db == "intent" and worker.current:
        yield _with(world, index, Worker(), db="unknown", owner=-1)
    else:
        yield _with(world, index, Worker())
    if not world.in_flight and (world.dials or world.jobs):
        # Knowing an id is monotone: also a worker that was overtaken records it.
        yield _with(world, index, Worker(), db="accepted", owner=-1)


def _look_up(world: World, index: int, variant: Variant) -> Iterator[World]:
    if not variant.lookup:
        if world.db == "unknown":
            yield from _missed(world, variant)
        return
    if (world.dials or world.jobs) and world.visible:
        yield replace(world, db="accepted", owner=-1)
        return
    if world.db == "unknown":
        yield from _missed(world, variant)


def _missed(world: World, variant: Variant) -> Iterator[World]:
    if variant.two_phase or variant.key:
        yield replace(_overtaken(world), db="planned")
        return
    if variant.on_miss is OnMiss.HOLD or not variant.lookup:
        yield replace(world, db="held")
    elif variant.on_miss is OnMiss.RESUBMIT:
        yield replace(_overtaken(world), db="planned")
    elif not world.in_flight:
        # A quiet period outlasts whatever is on the wire, and every connection that idles.
        aged = [replace(one, aged=one.at == "marked" or one.aged) for one in world.workers]
        quiet = replace(world, workers=(aged[0], aged[1]))
        yield replace(_overtaken(quiet), db="planned")


def _start(world: World, index: int, worker: Worker) -> Iterator[World]:
    """Start exactly the one adopted job, by id: repeating it changes nothing."""
    yield _with(world, index, Worker())  # The start is lost.
    if world.jobs and not world.dials:
        yield _with(world, index, Worker(), dials=1, jobs=world.jobs - 1)
