from typing import Any

import pytest
from pydantic import ValidationError

from simulator.clock import VirtualClock
from simulator.settings import SimulatorSettings
from tests.simulator.in_process import Town, found_town

CHECKS = {"vogent": "/agents", "vapi": "/assistant"}


def town(clock: VirtualClock, **limit: Any) -> Town:
    said = {"requests": 2, "seconds": 60} | limit
    keys = ["test-key", "other-key"]
    return found_town(clock, api_keys=keys, request_limits={"vogent": said})


def test_more_requests_than_an_account_may_make_are_refused_until_there_is_room() -> None:
    clock = VirtualClock()
    client = town(clock).client("vogent")

    first, second, third = (client.get(CHECKS["vogent"]) for _ in range(3))
    clock.advance(float(third.headers["retry-after"]))

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    assert client.get(CHECKS["vogent"]).status_code == 200


def test_each_account_and_each_provider_is_counted_for_itself() -> None:
    here = town(VirtualClock(), requests=1)

    assert here.client("vogent").get(CHECKS["vogent"]).status_code == 200
    assert here.client("vogent").get(CHECKS["vogent"]).status_code == 429
    assert here.client("vogent", "other-key").get(CHECKS["vogent"]).status_code == 200
    assert here.client("vapi").get(CHECKS["vapi"]).status_code == 200
    assert here.client("vapi").get(CHECKS["vapi"]).status_code == 200


def test_a_refusal_may_leave_open_for_how_long() -> None:
    client = town(VirtualClock(), requests=1, retry_after=False).client("vogent")
    client.get(CHECKS["vogent"])

    refused = client.get(CHECKS["vogent"])

    assert refused.status_code == 429
    assert "retry-after" not in refused.headers


def test_a_limit_for_a_provider_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValidationError):
        SimulatorSettings.model_validate({"request_limits": {"vogant": {"requests": 1}}})
