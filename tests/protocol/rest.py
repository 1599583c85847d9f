"""Bring a world to rest and take stock."""

from dataclasses import replace

from sqlalchemy import Engine

from tests.protocol import driver
from tests.protocol.case import Case
from tests.protocol.journal import illegal_moves
from tests.protocol.truth import balances_of, books_of, provider_of
from tests.protocol.world import World


async def to_the_end(
    world: World, *, tries: int = 1, killed: bool = False, sure: bool = False
) -> Case:
    """Run the campaign, let the storm pass, come back later as the sweeper does, and run again."""
    async with world.runtime() as runtime:
        await driver.run(runtime, world.file)
    return await after_the_storm(world, tries=tries, killed=killed, sure=sure)


async def after_the_storm(
    world: World, *, tries: int = 1, killed: bool = False, sure: bool = False
) -> Case:
    """As `to_the_end`, when the campaign has been run."""
    world.calm()
    async with world.runtime() as runtime:
        await driver.come_back_later(runtime)
    moment = world.time.now()
    async with world.runtime() as runtime:
        await driver.run(runtime, world.file)
        found = _case(world, runtime.ledger.engine)
    return replace(found, reran_at=moment, tries=tries, killed=killed, sure=sure)


def _case(world: World, engine: Engine) -> Case:
    return Case(
        api=world.api,
        provider_name=world.provider,
        provider=provider_of(world.simulator.stage),
        books=books_of(engine),
        balances=balances_of(engine),
        moves=list(illegal_moves(engine)),
        pages=list(world.place.pages),
        crossings=world.wire.crossings,
        strays=world.wire.strays,
    )
