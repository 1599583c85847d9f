"""The same for a provider where creating rings nobody, and a second request, by id, starts it.

Creates are repeated freely; of what was created exactly one is adopted and started. Before its
start it may be called off, because somebody in it may not be called any more, and its people are
planned anew: under another name (ours), or under the same.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from tests.model.protocol import Verdict, walk

At = Literal["idle", "claimed", "creating", "missed", "starting", "start marked"]
Job = tuple[int, int]
"""The name it was created under, and which of those with that name it is."""

_PER_NAME = 2
"""Jobs of one name: what a third could do, the second can."""


class Worker(NamedTuple):
    """Where one worker is."""

    at: At = "idle"
    name: int = 0
    """That it claimed, or looks for."""
    latest: bool = False
    job: Job | None = None
    """That it has the answer about, or is about to start."""
    under_way: bool = False


class World(NamedTuple):
    """One state of everything."""

    db: Literal["planned", "intent", "unknown", "accepted", "started"] = "planned"
    name: int = 0
    adopted: Job | None = None
    start_marked: bool = False
    owner: int | None = None
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    creates: frozenset[int] = frozenset()
    """Names of creating requests under way that nobody waits for."""
    jobs: frozenset[Job] = frozenset()
    """What there is at the provider. Its list may lag: a look shows any of them, or none."""
    rung: frozenset[Job] = frozenset()
    """Whose start was sent: at worst it arrives, sooner or later."""
    kills: int = 2


def explore(*, same_name: bool) -> Verdict:
    """Walk through everything that can happen.

    `same_name`: what is planned anew keeps its name, and a start is bound to the name only.
    """
    return walk(
        World(),
        lambda world: _moves(world, same_name=same_name),
        too_many=lambda world: len(world.rung) > 1,
        decided=lambda world: world.db == "started",
    )


def _moves(world: World, *, same_name: bool) -> Iterator[World]:
    yield from _network(world)
    if world.db == "accepted" and not world.start_marked and world.name == 0:
        anew = _overtaken(world)._replace(db="planned", adopted=None)
        yield anew._replace(name=0 if same_name else 1)
    for index, worker in enumerate(world.workers):
        if world.kills and worker.at != "idle":
            left = {worker.name} if worker.under_way else set[int]()
            owner = None if world.owner == index else world.owner
            killed = world._replace(
                kills=world.kills - 1, owner=owner, creates=world.creates | left
            )
            yield _with(killed, index, Worker())
        yield from _steps(world, index, worker, same_name=same_name)


def _network(world: World) -> Iterator[World]:
    for name in world.creates:
        fewer = world._replace(creates=world.creates - {name})
        yield fewer
        yield _created(fewer, name)[0]
    for index, worker in enumerate(world.workers):
        if worker.under_way:
            after, job = _created(world, worker.name)
            yield _with(after, index, worker._replace(under_way=False, job=job))
            yield _with(world, index, worker._replace(under_way=False))


def _created(world: World, name: int) -> tuple[World, Job]:
    count = sum(one[0] == name for one in world.jobs)
    job = (name, min(count, _PER_NAME - 1))
    return world._replace(jobs=world.jobs | {job}), job


def _steps(world: World, index: int, worker: Worker, *, same_name: bool) -> Iterable[World]:
    match worker.at:
        case "idle":
            return _begin(world, index)
        case "claimed":
            mine = worker.latest and world.db == "intent"
            sends = worker._replace(at="creating", under_way=True)
            return [_with(world, index, sends if mine else Worker())]
        case "creating":
            return _heard(world, index, worker)
        case "missed":
            again = world.db == "unknown" and world.name == worker.name
            anew = _overtaken(world)._replace(db="planned") if again else world
            return [_with(anew, index, Worker())]
        case "starting":
            return [_marked(world, index, worker, same_name=same_name)]
        case "start marked":
            return _started(world, index, worker)


def _begin(world: World, index: int) -> Iterator[World]:
    if world.db == "planned":
        claim = Worker("claimed", world.name, latest=True)
        yield _with(_overtaken(world), index, claim)._replace(db="intent", owner=index)
    elif world.db == "intent" and world.owner != index:
        yield _overtaken(world)._replace(db="unknown", owner=None)
    elif world.db == "unknown":
        for job in world.jobs:
            if job[0] == world.name:
                yield world._replace(db="accepted", adopted=job)
        yield _with(world, index, Worker("missed", world.name))
    elif world.db == "accepted":
        yield _with(world, index, Worker("starting", world.name, job=world.adopted))


def _heard(world: World, index: int, worker: Worker) -> Iterator[World]:
    mine = world.db in {"planned", "intent", "unknown"} and world.name == worker.name
    if worker.job is not None and mine:
        yield _with(world, index, Worker())._replace(db="accepted", adopted=worker.job, owner=None)
    elif worker.job is not None:
        yield _with(world, index, Worker())
    orphan = {worker.name} if worker.under_way else set[int]()
    silent = _with(world, index, Worker())._replace(creates=world.creates | orphan)
    if worker.latest and world.db == "intent":
        yield silent._replace(db="unknown", owner=None)
    else:
        yield silent


def _marked(world: World, index: int, worker: Worker, *, same_name: bool) -> World:
    mine = world.db == "accepted" and (same_name or world.adopted == worker.job)
    if not mine:
        return _with(world, index, Worker())  # Not one byte leaves.
    return _with(world, index, worker._replace(at="start marked"))._replace(start_marked=True)


def _started(world: World, index: int, worker: Worker) -> Iterator[World]:
    assert worker.job is not None
    sent = _with(world, index, Worker())._replace(rung=world.rung | {worker.job})
    yield sent  # Its answer is lost: the same again, by id.
    if world.db == "accepted":
        yield sent._replace(db="started")


def _overtaken(world: World) -> World:
    first, second = (one._replace(latest=False) for one in world.workers)
    return world._replace(workers=(first, second))


def _with(world: World, index: int, worker: Worker) -> World:
    first, second = world.workers
    return world._replace(workers=(worker, second) if index == 0 else (first, worker))
