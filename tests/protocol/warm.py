"""Run a campaign once, so that forks of this process find everything imported and compiled.

To be named in `set_forkserver_preload`: the work is done by the import.
"""

import asyncio
import tempfile
from pathlib import Path

from store.ledger import Ledger
from tests.protocol import driver
from tests.protocol.world import begin


async def _run_once() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'ledger.db'}"
        Ledger.open(url).close()
        with begin("vogent", folder, url, people=2) as world:
            async with world.runtime() as runtime:
                await driver.run(runtime, world.file)


asyncio.run(_run_once())
