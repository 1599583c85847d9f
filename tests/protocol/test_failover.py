"""Over two providers: who goes on to the other, judged by whose telephones rang where."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import BadInput
from campaign.split import splitter
from campaign.states import CampaignState
from providers.connecting import Remember
from providers.port import Provider
from simulator.faults.connection import Close
from simulator.faults.rules import Rule
from simulator.faults.status import Status
from simulator.faults.timing import LateEffect
from store import campaigns
from store.reports.stories import story
from tasks.registry import policy_of
from tasks.steps import planning
from tasks.steps.agenda import provider_of as provider_of_batch
from tasks.steps.runtime import lend
from tests.flows.campaigns import APIS, people
from tests.proofs import at_length
from tests.protocol import driver
from tests.protocol.truth import books_of, provider_of
from tests.protocol.world import NAME, World, begin

PEOPLE = 24
SPLIT = [
    {"provider": name, "share": 0.5, "agent": APIS[name][1], "from_numbers": APIS[name][2]}
    for name in ("vogent", "bland")
]
CHANGES: dict[str, Any] = {
    "provider": SPLIT,
    "policy": {"calling_windows": "any_hour", "failover": True},
}


def refuses(name: str, probability: float = 1.0) -> Rule:
    """Refuse submissions with nothing done."""
    fault = Status(status=402, when="before")
    return Rule(providers=[name], routes=["submit"], probability=probability, fault=fault)


def rung(world: World) -> Mapping[str, list[str]]:
    """By which providers each number was rung."""
    by_number: dict[str, list[str]] = defaultdict(list)
    for ring in provider_of(world.simulator.stage).own_rings:
        by_number[ring.call.number].append(ring.call.order.provider)
    return by_number


def first_of(world: World) -> Mapping[str, str]:
    """Whom the split gave each number to."""
    provider_of_number = splitter(NAME, campaigns.read_spec(world.file.read_text()).shares)
    return {one["phone_number"]: provider_of_number(one["phone_number"]) for one in people(PEOPLE)}


async def test_whom_one_provider_refuses_the_other_calls(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **CHANGES) as world:
        world.storm([refuses("vogent")])
        async with world.runtime() as runtime:
            campaign_id = await driver.run(runtime, world.file, resumes=0)
            view = await runtime.ledger.run(campaigns.get, campaign_id)
            moved = next(number for number, name in first_of(world).items() if name == "vogent")
            told = await runtime.ledger.run(story, campaign_id, moved, runtime.clock.now())
            books = books_of(runtime.ledger.engine)

        assert view.state is CampaignState.COMPLETED, view.state_reason
        assert rung(world) == {one["phone_number"]: ["bland"] for one in people(PEOPLE)}
    assert told is not None
    assert told.turn.candidate.provider == "bland"
    assert told.turn.candidate.history[0].this_campaign
    assert len(told.turn.candidate.history) == 1
    refused = [one for one in books.attempts if one.provider == "vogent"]
    assert refused
    assert all("goes on to bland" in one.reason and one.dialled_at is None for one in refused)
    assert {one.from_number for one in books.attempts if one.provider == "bland"} == {
        *APIS["bland"][2]
    }


async def test_a_provider_that_refuses_everything_is_not_asked_for_ever(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **CHANGES) as world:
        world.storm([refuses("vogent"), refuses("bland")])
        async with world.runtime() as runtime:
            campaign_id = await driver.run(runtime, world.file, resumes=0)
            view = await runtime.ledger.run(campaigns.get, campaign_id)

        assert rung(world) == {}
        asked = provider_of(world.simulator.stage).dialling_requests
        # Batches that were planned before the third refusal are refused, too.
        assert len(asked) <= 2 * (3 + 4)
    assert view.state is CampaignState.NEEDS_ATTENTION
    for name in ("vogent", "bland"):
        assert f"{name} took none of the last 3 submissions" in view.state_reason


async def test_without_failover_nobody_changes_sides(tmp_path: Path, sqlite_ledger: str) -> None:
    changes: dict[str, Any] = CHANGES | {"policy": {"calling_windows": "any_hour"}}
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **changes) as world:
        world.storm([refuses("vogent")])
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file, resumes=3)

        first = first_of(world)
        assert all(first[number] == name for number, [name] in rung(world).items())
        assert "vogent" not in {name for [name] in rung(world).values()}


@pytest.mark.parametrize("seed", at_length(range(4)))
async def test_nobody_is_rung_by_two_providers_whatever_the_answers(
    tmp_path: Path, sqlite_ledger: str, seed: int
) -> None:
    storm = [
        refuses("vogent", 0.4),
        refuses("bland", 0.4),
        Rule(routes=["submit"], probability=0.3, fault=Close(when="after")),
        Rule(routes=["submit"], probability=0.2, fault=Status(status=503, when="after")),
        Rule(routes=["submit"], probability=0.2, fault=LateEffect(seconds=400)),
    ]
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **CHANGES) as world:
        world.storm(storm, seed)
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file)
        world.calm()
        async with world.runtime() as runtime:
            await driver.come_back_later(runtime)
            await driver.run(runtime, world.file)

        assert rung(world)
        assert {number: by for number, by in rung(world).items() if len(by) > 1} == {}


async def test_an_outage_of_one_provider_does_not_keep_the_other_from_calling_its_share(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **CHANGES) as world:
        world.storm([Rule(providers=["vogent"], fault=Status(status=503))])
        async with world.runtime() as runtime:
            await driver.run(runtime, world.file, resumes=0)

        share = {number for number, name in first_of(world).items() if name == "bland"}
        assert share <= set(rung(world))


async def test_a_worker_that_lacks_one_providers_key_still_calls_the_share_of_the_other(
    tmp_path: Path, sqlite_ledger: str
) -> None:
    with begin("vogent", tmp_path, sqlite_ledger, people=PEOPLE, **CHANGES) as world:

        def connect(
            name: str, agent: Mapping[str, object], remember: Remember
        ) -> AbstractAsyncContextManager[Provider]:
            if name == "vogent":
                raise BadInput("VOGENT_API_KEY is not set")
            return world.watched.connect(name, agent, remember)

        async with world.runtime() as runtime, lend(runtime):
            campaign_id = await driver.enroll(runtime, world.file)
            planned = await planning.plan_wave(runtime, campaign_id, 8, policy_of)
        async with world.place.runtime(connect) as runtime, lend(runtime):
            for batch_id in planned:
                if await provider_of_batch(runtime, batch_id) == "bland":
                    await driver.one_step(runtime, batch_id)
            await runtime.clock.sleep(timedelta(minutes=10))

        assert set(chain(*rung(world).values())) == {"bland"}
