"""The temporary Prefect server does not turn away whoever comes while another one writes."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from flows.server_process import LockFirst

AT_ONCE = 8


async def test_transactions_that_read_and_then_write_wait_for_each_other(tmp_path: Path) -> None:
    database = LockFirst(connection_url=f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}")
    engine = await database.engine()

    async def add_one() -> None:
        async with (
            await database.session(engine) as session,
            database.begin_transaction(session),
        ):
            before = await session.scalar(text("SELECT max(n) FROM counted"))
            await session.execute(text("INSERT INTO counted VALUES (:n)"), {"n": before + 1})

    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE counted (n INTEGER)"))
        await connection.execute(text("INSERT INTO counted VALUES (0)"))
    await asyncio.gather(*(add_one() for _ in range(AT_ONCE)))
    async with engine.connect() as connection:
        counted = list(await connection.scalars(text("SELECT n FROM counted ORDER BY n")))
    await engine.dispose()

    assert counted == list(range(AT_ONCE + 1))
