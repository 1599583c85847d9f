"""Whatever the list, the rules and the instant: nobody is rung who may not be."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.calling.scene import Scene, play
from tests.calling.scenes import scenes
from tests.protocol.world import copy_ledger
import asyncio

FEW = 12


@seed(20261122)
@settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(scene=scenes())
def test_no_ring_breaks_a_rule(scene: Scene, empty_ledger: Path) -> None:
    import time
    t=time.time()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        played = asyncio.run(play(scene, place, copy_ledger(empty_ledger, place)))

    print(scene.api, len(scene.people), len(played.rings), played.books, round(time.time()-t,1))
    assert played.complaints == []
