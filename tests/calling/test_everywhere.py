"""Whatever the list, the rules and the instant: nobody is rung who may not be."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.calling.scene import Scene, play
from tests.calling.scenes import scenes
from tests.protocol.world import copy_ledger

FEW = 4
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


def test_no_ring_breaks_a_rule(empty_ledger: Path) -> None:
    rings: list[int] = []

    @seed(20261122)
    @settings(max_examples=FEW, deadline=None, database=None, suppress_health_check=_SLOW)
    @given(scene=scenes())
    def holds(scene: Scene) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            played = asyncio.run(play(scene, place, copy_ledger(empty_ledger, place)))
        rings.append(len(played.rings))
        assert played.complaints == []
        assert not played.problems

    holds()
    assert sum(rings) > 0
