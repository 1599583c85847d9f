"""A fault that happens to a request may change nothing: the simulator tells the two apart."""

from typing import Any

import httpx
import pytest

from simulator.clock import VirtualClock
from tests.simulator.conftest import Client, Simulate, Stand
from tests.simulator.test_faults import finished_dials


def counts(stand: Stand) -> list[tuple[int, int]]:
    rules = stand.control.get("/__faults").json()["rules"]
    return [(rule["happened"], rule["took_effect"]) for rule in rules]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "latency", "seconds": 0},
        {"kind": "wrong_types"},
        {"kind": "empty_page"},
        {"kind": "close_after"},
        {"kind": "limit_ignored", "limit": 1},
        {"kind": "date_header"},
    ],
)
def test_what_changes_the_answer_took_effect(
    simulate: Simulate, client: Client, clock: VirtualClock, fault: dict[str, Any]
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    dials = finished_dials(vogent, clock, 2)
    stand.set_faults({"routes": ["page"], "fault": fault})

    vogent.get(dials)

    assert counts(stand) == [(1, 1)]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cursor_ignored"},
        {"kind": "cursor_expired"},
        {"kind": "cursor_loops"},
        {"kind": "wrong_total"},
        {"kind": "listing_lag", "seconds": 1},
    ],
)
def test_what_has_nothing_to_change_took_none(
    simulate: Simulate, client: Client, clock: VirtualClock, fault: dict[str, Any]
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    dials = finished_dials(vogent, clock, 2)
    stand.set_faults({"routes": ["page"], "fault": fault})

    assert vogent.get(dials).status_code == httpx.codes.OK

    assert counts(stand) == [(1, 0)]


def test_of_two_disguises_the_one_that_matters_is_told_from_the_other(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    dials = finished_dials(vogent, clock, 3)
    short: dict[str, Any] = {"routes": ["page"], "fault": {"kind": "limit_ignored", "limit": 1}}
    stand.set_faults(short, {"routes": ["page"], "fault": {"kind": "cursor_ignored"}})

    first = vogent.get(dials).json()
    assert counts(stand) == [(1, 1), (1, 0)]
    again = vogent.get(dials, params={"cursor": first["cursor"]}).json()

    assert again["data"] == first["data"]
    assert counts(stand) == [(2, 2), (2, 1)]
