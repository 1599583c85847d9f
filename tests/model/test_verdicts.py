"""Which protocols dial somebody twice, over every interleaving, and which never do."""

from collections.abc import Mapping

import pytest

from tests.model import two_phase
from tests.model.protocol import Fence, Lease, OnMiss, Variant, explore

UNSAFE: Mapping[str, Variant] = {
    "V0 send, then write down": Variant(intent=False),
    "V1 intent, blind retry": Variant(blind_retry=True),
    "V2 look up, resubmit at once": Variant(on_miss=OnMiss.RESUBMIT),
    "V3 quiet period, lease by time": Variant(on_miss=OnMiss.QUIET),
    "V4 as V3, the claim is read again before sending": Variant(
        on_miss=OnMiss.QUIET, fence=Fence.REREAD
    ),
    "V6 as V5, the list lags": Variant(on_miss=OnMiss.QUIET, lease=Lease.FLOCK, lagging=True),
    "W4 wire mark, quiet period, lease by time, an idle connection lives": Variant(
        fence=Fence.MARK, on_miss=OnMiss.QUIET
    ),
}
SAFE: Mapping[str, Variant] = {
    "V5 quiet period, lease by proof of death, a list that never lags": Variant(
        on_miss=OnMiss.QUIET, lease=Lease.FLOCK
    ),
    "V7 hold": Variant(),
    "V8 hold, the list lags": Variant(lagging=True),
    "V9 hold, without a look-up": Variant(lookup=False),
    "V10 the provider honours a key": Variant(on_miss=OnMiss.RESUBMIT, key=True),
    "W1 wire mark, hold, lease by time": Variant(fence=Fence.MARK),
    "W1, the list lags: ours across hosts": Variant(fence=Fence.MARK, lagging=True),
    "W2 wire mark, hold, lease by proof of death": Variant(fence=Fence.MARK, lease=Lease.FLOCK),
    "W2, the list lags: ours on one host": Variant(
        fence=Fence.MARK, lease=Lease.FLOCK, lagging=True
    ),
    "W3 wire mark, quiet period, lease by proof of death": Variant(
        fence=Fence.MARK, on_miss=OnMiss.QUIET, lease=Lease.FLOCK
    ),
    "W5 as W4, idle connections are reset": Variant(
        fence=Fence.MARK, on_miss=OnMiss.QUIET, stale_reset=True
    ),
}


def test_no_verdict_is_missing() -> None:
    names = {name.replace(",", " ").split()[0] for name in (*UNSAFE, *SAFE)}

    assert names == {f"V{n}" for n in range(11)} | {f"W{n}" for n in range(1, 6)}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_protocol_that_was_found_unsafe_stays_found(name: str) -> None:
    assert explore(UNSAFE[name]).dials_twice


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_protocol_dials_nobody_twice_and_never_gets_stuck(name: str) -> None:
    verdict = explore(SAFE[name])

    assert not verdict.dials_twice
    assert verdict.decides
    assert verdict.states > 40, "the walk must have gone somewhere"


def test_two_phases_dial_nobody_twice_however_often_something_is_created() -> None:
    verdict = two_phase.explore(same_name=False)

    assert not verdict.dials_twice
    assert verdict.decides


def test_a_start_must_be_bound_to_what_was_created() -> None:
    assert two_phase.explore(same_name=True).dials_twice
