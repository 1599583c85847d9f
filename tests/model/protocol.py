"""A small model of the submit protocol: two workers, pauses, kills, lost and late messages.

One submission. A worker claims, marks, sends and records; it may stop for any length of time at any
point (a pause is simply not to be scheduled), and be killed and started anew. A request may arrive
long after its sender gave up, or never; an answer may be lost. The provider dials for each request
that arrives. `explore` walks through every state that can be reached.

States are finite by abstraction, not by a bound on steps: of all epochs only whether a worker's is
the latest counts, and of requests under way no more than two, which can do all the harm that more
could.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)
Db = Literal["planned", "intent", "unknown", "accepted", "held"]
At = Literal["idle", "claimed", "marked", "sent", "found", "missed"]
Wire = Literal["none", "under way", "answered"]


class Lease(StrEnum):
    """How a worker comes to believe that another is gone."""

    TIME = "time"
    """A clock: it may be wrong about a worker that is paused."""
    FLOCK = "flock"
    """Proof of death."""


class Fence(StrEnum):
    """What a worker does between its claim and the first byte."""

    NONE = "none"
    REREAD = "re-read the claim, then send"
    MARK = "commit a wire mark by compare and swap, then send"


class OnMiss(StrEnum):
    """What a look-up that finds nothing leads to."""

    HOLD = "hold"
    RESUBMIT = "resubmit at once"
    QUIET = "resubmit after a quiet period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One protocol."""

    intent: bool = True
    """Written down before the request; otherwise only the outcome is, and a lost one repeated."""
    blind_retry: bool = False
    fence: Fence = Fence.NONE
    lookup: bool = True
    lagging: bool = False
    """The provider's list may hide what it has."""
    on_miss: OnMiss = OnMiss.HOLD
    lease: Lease = Lease.TIME
    key: bool = False
    """The provider dials once for all requests with the same key."""
    stale_reset: bool = False
    """A connection that idled for the quiet period is reset by the server."""


class Worker(NamedTuple):
    """Where one worker is."""

    at: At = "idle"
    latest: bool = False
    """Nobody has claimed, taken over or planned again since its claim or look."""
    wire: Wire = "none"
    """Its request."""
    aged: bool = False
    """A quiet period has passed since it connected."""


class World(NamedTuple):
    """One state of everything."""

    db: Db = "planned"
    marked: bool = False
    owner: int | None = None
    """Whose claim stands; None: a dead worker's, or nobody's."""
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    orphans: int = 0
    """Requests under way that nobody waits for."""
    dials: int = 0
    visible: bool = False
    """The provider's list shows what it has."""
    kills: int = 2


class Verdict(NamedTuple):
    """What became of a walk through all states."""

    dials_twice: bool
    states: int
    decides: bool
    """From every state a decision can still be reached."""


DECIDED = frozenset({"accepted", "held"})


def explore(variant: Variant) -> Verdict:
    """Walk through everything that can happen to a protocol, in whatever order, and judge it."""
    return walk(
        World(),
        lambda world: moves(world, variant),
        too_many=lambda world: world.dials > 1,
        decided=lambda world: world.db in DECIDED,
    )


def walk(
    start: T,
    nexts: Callable[[T], Iterable[T]],
    *,
    too_many: Callable[[T], bool],
    decided: Callable[[T], bool],
) -> Verdict:
    """Walk from a state through all that can follow, but for those that are too many dials."""
    before: dict[T, list[T]] = {start: []}
    queue, dials_twice = deque([start]), False
    while queue:
        state = queue.popleft()
        for following in nexts(state):
            if too_many(following):
                dials_twice = True
                continue
            if following not in before:
                before[following] = []
                queue.append(following)
            before[following].append(state)
    return Verdict(dials_twice, len(before), _all_lead_to(decided, before))


def _all_lead_to(decided: Callable[[T], bool], before: dict[T, list[T]]) -> bool:
    fine = {state for state in before if decided(state)}
    queue = deque(fine)
    while queue:
        for earlier in before[queue.popleft()]:
            if earlier not in fine:
                fine.add(earlier)
                queue.append(earlier)
    return len(fine) == len(before)


def moves(world: World, variant: Variant) -> Iterator[World]:
    """Yield every state that may come next."""
    yield from _network(world, variant)
    for index, worker in enumerate(world.workers):
        if world.kills and worker.at != "idle":
            yield _killed(world, index)
        yield from _steps(world, index, worker, variant)


def _network(world: World, variant: Variant) -> Iterator[World]:
    for index, worker in enumerate(world.workers):
        if worker.wire == "under way":
            yield _with(_arrived(world, variant), index, worker._replace(wire="answered"))
            yield _with(world, index, worker._replace(wire="none"))
    if world.orphans:
        fewer = world._replace(orphans=world.orphans - 1)
        yield fewer
        yield _arrived(fewer, variant)
    if world.dials and not world.visible:
        yield world._replace(visible=True)


def _arrived(world: World, variant: Variant) -> World:
    known = variant.key and world.dials > 0
    return world._replace(
        dials=world.dials + (not known), visible=world.visible or not variant.lagging
    )


def _killed(world: World, index: int) -> World:
    """Killed, and started anew: nothing of it is left but what it has sent."""
    world = _orphaned(world, world.workers[index])
    owner = None if world.owner == index else world.owner
    return _with(world, index, Worker(), kills=world.kills - 1, owner=owner)


def _orphaned(world: World, worker: Worker) -> World:
    more = worker.wire == "under way"
    return world._replace(orphans=min(world.orphans + more, 2))


def _steps(world: World, index: int, worker: Worker, variant: Variant) -> Iterable[World]:
    match worker.at:
        case "idle":
            return _begin(world, index, variant)
        case "claimed":
            return [_fenced(world, index, worker, variant)]
        case "marked":
            return [_sent(world, index, worker, variant)]
        case "sent":
            return _heard(world, index, worker, variant)
        case "found":
            return [_with(world, index, Worker(), **_accepted(world))]
        case "missed":
            return _missed(world, index, worker, variant)


def _begin(world: World, index: int, variant: Variant) -> Iterator[World]:
    gone = world.owner is None or (world.owner != index and variant.lease is Lease.TIME)
    if world.db == "planned" and not variant.intent:
        yield _with(world, index, Worker("marked"))
    elif world.db == "planned":
        anew = _with(_overtaken(world), index, Worker("claimed", latest=True))
        yield anew._replace(db="intent", marked=False, owner=index)
    elif world.db == "intent" and gone:
        unsent = variant.fence is Fence.MARK and not world.marked
        yield _overtaken(world)._replace(db="planned" if unsent else "unknown", owner=None)
    elif world.db == "unknown" and not variant.lookup:
        yield world._replace(db="held")
    elif world.db in {"unknown", "held"} and variant.lookup:
        if world.dials and world.visible:
            yield _with(world, index, Worker("found"))
        elif variant.on_miss is not OnMiss.QUIET:
            yield _with(world, index, Worker("missed", latest=True))
        elif not _anything_under_way(world):
            yield _with(_aged(world), index, Worker("missed", latest=True))


def _overtaken(world: World) -> World:
    first, second = (one._replace(latest=False) for one in world.workers)
    return world._replace(workers=(first, second))


def _fenced(world: World, index: int, worker: Worker, variant: Variant) -> World:
    mine = worker.latest and world.db == "intent"
    if variant.fence is not Fence.NONE and not mine:
        return _with(world, index, Worker())  # Not one byte leaves.
    marked = world.marked or variant.fence is Fence.MARK
    return _with(world, index, worker._replace(at="marked"), marked=marked)


def _sent(world: World, index: int, worker: Worker, variant: Variant) -> World:
    if worker.aged and variant.stale_reset:
        return _with(world, index, Worker())
    return _with(world, index, worker._replace(at="sent", wire="under way", aged=False))


def _heard(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    if worker.wire == "answered":
        # An id that is known stays true, whoever learns it.
        yield _with(world, index, Worker(), **_accepted(world))
    silent = _orphaned(world, worker)
    if not variant.intent or variant.blind_retry:
        yield _with(silent, index, worker._replace(at="marked", wire="none"))
    elif worker.latest and world.db == "intent":
        yield _with(silent, index, Worker(), db="unknown", owner=None)
    else:
        yield _with(silent, index, Worker())


def _anything_under_way(world: World) -> bool:
    return world.orphans > 0 or any(one.wire == "under way" for one in world.workers)


def _aged(world: World) -> World:
    """A quiet period has passed, which outlasts every connection that idles."""
    first, second = (one._replace(aged=one.at in {"claimed", "marked"}) for one in world.workers)
    return world._replace(workers=(first, second))


def _missed(world: World, index: int, worker: Worker, variant: Variant) -> Iterator[World]:
    """Act on a look that found nothing; with a quiet period, one that came at its end."""
    if not worker.latest or world.db != "unknown":
        yield _with(world, index, Worker())
    elif variant.on_miss is OnMiss.HOLD:
        yield _with(world, index, Worker(), db="held")
    else:
        yield _with(_overtaken(world), index, Worker(), db="planned")


def _accepted(world: World) -> dict[str, object]:
    undecided = world.db in {"planned", "intent", "unknown", "held"}
    return {"db": "accepted", "owner": None} if undecided else {}


def _with(world: World, index: int, worker: Worker, **changes: object) -> World:
    first, second = world.workers
    workers = (worker, second) if index == 0 else (first, worker)
    return world._replace(workers=workers, **changes)  # pyright: ignore[reportArgumentType]
