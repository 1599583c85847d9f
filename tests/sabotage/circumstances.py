"""Under which a campaign is run, so that it shows whether the protocol holds."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import create_engine, func, or_, select

from simulator.faults.rules import Rule
from simulator.faults.timing import ListingLag
from store import suppressions
from store.database.columns import table_of
from store.tables import Batch
from tests.protocol import rest
from tests.protocol.case import Case
from tests.protocol.dying import run_and_die
from tests.protocol.faults import scenarios
from tests.protocol.world import World

Circumstance = Callable[[World], Awaitable[Case]]
_BATCH = table_of(Batch)


def on_a_good_day() -> Circumstance:
    """Nothing goes wrong."""
    return rest.to_the_end


def under(fault: str) -> Circumstance:
    """Something of the catalogue goes wrong, twice."""

    async def run(world: World) -> Case:
        world.storm(scenarios(world.api)[fault].rules)
        return await rest.to_the_end(world)

    return run


def listed_late() -> Circumstance:
    """The provider's list is an hour behind, so that its calls show when the batch is over."""

    async def run(world: World) -> Case:
        world.storm([Rule(routes=["page"], fault=ListingLag(seconds=4000))])
        return await rest.to_the_end(world)

    return run


def dying_over_a_claim() -> Circumstance:
    """The runner dies when it has claimed its first submission, before it connects."""

    async def run(world: World) -> Case:
        await run_and_die(world, lambda point: point == "after claim")
        return await rest.to_the_end(world, killed=True, sure=True)

    return run


def dying_with_the_bytes_away() -> Circumstance:
    """The runner dies when its first submit is on the wire."""

    async def run(world: World) -> Case:
        await run_and_die(world, lambda point: point == "body sent")
        return await rest.to_the_end(world, killed=True)

    return run


def dying_as_the_cursor_moves() -> Circumstance:
    """The runner dies as soon as the ledger says that a page was read."""

    async def run(world: World) -> Case:
        engine = create_engine(world.place.database_url)
        moved = select(func.count()).where(or_(_BATCH.c.cursor.is_not(None), _BATCH.c.round > 0))

        def cursor_has_moved(point: str) -> bool:
            with engine.connect() as db:
                return point.startswith("after ") and db.execute(moved).scalar_one() > 0

        await run_and_die(world, cursor_has_moved)
        engine.dispose()
        world.time.skip(timedelta(minutes=5))  # Until somebody notices.
        return await rest.to_the_end(world, killed=True)

    return run


def dying_after_a_page(fault: str) -> Circumstance:
    """Something goes wrong with the pages, and the runner dies when it has taken two."""

    async def run(world: World) -> Case:
        world.storm(scenarios(world.api)[fault].rules)
        taken: list[str] = []

        def the_second(point: str) -> bool:
            taken.extend([point] if point == "after save_page" else ())
            return len(taken) == 2

        await run_and_die(world, the_second)
        return await rest.to_the_end(world, killed=True)

    return run


def suppressing_everybody_as_it_connects() -> Circumstance:
    """Everybody asks not to be called when the connection stands and no byte has left."""

    async def run(world: World) -> Case:
        engine = create_engine(world.place.database_url)

        def suppress(point: str) -> None:
            if point == "connected":
                now = datetime.fromtimestamp(world.time.now()).astimezone()
                with engine.begin() as db:
                    suppressions.add(db, numbers, reason="asked", source="test", now=now)

        numbers = [
            line.split(",")[0]
            for line in world.file.with_name("people.csv").read_text().splitlines()[1:]
        ]
        world.wire.hook = suppress
        case = await rest.to_the_end(world)
        engine.dispose()
        return case

    return run
