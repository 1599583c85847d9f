"""On a good day everybody is dialled once, and everything comes home."""

from pathlib import Path

import pytest

from tests.flows.campaigns import APIS
from tests.protocol import rest
from tests.protocol.invariants import violations
from tests.protocol.world import begin


@pytest.mark.parametrize("api", APIS)
async def test_everybody_is_dialled_once_and_every_call_comes_home(
    api: str, tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin(api, tmp_path, sqlite_ledger) as world:
        case = await rest.to_the_end(world, sure=True)

    assert violations(case) == []
    assert len(case.provider.rings) == 6
