"""Which protocols dial somebody twice, over every interleaving, and which never do."""

import pytest

from tests.model.protocol import Lease, OnMiss, Variant, explore

UNSAFE = {
    "repeat on a lost answer, then commit": Variant(intent=False),
    "intent first, repeat blindly": Variant(blind_retry=True),
    "resubmit at once when not found": Variant(on_miss=OnMiss.RESUBMIT),
    "resubmit after a quiet period, lease by time": Variant(on_miss=OnMiss.QUIET),
    "the same, lease by proof of death, but the list lags": Variant(
        on_miss=OnMiss.QUIET, lease=Lease.FLOCK, lagging=True
    ),
    "wire mark, quiet period, lease by time, and an idle connection lives": Variant(
        wire_mark=True, on_miss=OnMiss.QUIET
    ),
}

SAFE = {
    "quiet period, lease by proof of death, a list that never lags": Variant(
        on_miss=OnMiss.QUIET, lease=Lease.FLOCK
    ),
    "hold on a miss": Variant(),
    "hold on a miss, the list lags": Variant(lagging=True),
    "hold, without a look-up": Variant(lookup=False),
    "the provider honours a key": Variant(key=True, on_miss=OnMiss.RESUBMIT),
    "two phases, the list lags": Variant(two_phase=True, lagging=True, wire_mark=True),
    "wire mark, lease by time, hold: ours across hosts": Variant(wire_mark=True),
    "wire mark, lease by time, hold, the list lags": Variant(wire_mark=True, lagging=True),
    "wire mark, lease by proof of death, hold: ours on one host": Variant(
        wire_mark=True, lease=Lease.FLOCK
    ),
    "wire mark, proof of death, quiet period": Variant(
        wire_mark=True, lease=Lease.FLOCK, on_miss=OnMiss.QUIET
    ),
    "wire mark, lease by time, quiet period, idle connections are reset": Variant(
        wire_mark=True, on_miss=OnMiss.QUIET, stale_reset=True
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_protocol_that_was_found_unsafe_stays_found(name: str) -> None:
    assert explore(UNSAFE[name]).dials_twice


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_protocol_dials_nobody_twice_and_never_gets_stuck(name: str) -> None:
    verdict = explore(SAFE[name])

    assert not verdict.dials_twice
    assert verdict.decides
    assert verdict.states > 50, "the walk must have gone somewhere"
