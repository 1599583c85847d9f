"""A campaign that is to be approved calls nobody before a person has said yes to its plan."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from flows.run_campaign import run_campaign
from simulator.server import RunningSimulator
from store import campaigns, suppressions
from store.decisions import audit
from store.ledger import Ledger
from tests.flows.campaigns import campaign, people, write_list

PEOPLE = 12


def prepared(folder: Path, name: str) -> Path:
    write_list(folder, PEOPLE)
    file = folder / "campaign.yaml"
    file.write_text(campaign("vogent", name).model_dump_json(exclude_defaults=True))
    return file


async def paused(name: str, known: str = "") -> tuple[FlowRun, str]:
    """The flow run that waits for an answer, and the key of its question, once it is a new one."""
    async with get_client() as client:
        while True:
            with Ledger.open() as ledger, ledger.reading() as db:
                found = [one for one in campaigns.listing(db) if one.name == name]
            if found and found[0].flow_run_id:
                run = await client.read_flow_run(found[0].flow_run_id)  # pyright: ignore[reportArgumentType]
                state = run.state
                key = (state.state_details.pause_key if state else None) or ""
                if state is not None and state.is_paused() and key != known:
                    return run, key
            await asyncio.sleep(0.2)


async def answer(run: FlowRun, key: str, **said: Any) -> None:
    plan = key.removeprefix("approve-")
    shown = "-".join(plan[start : start + 4] for start in range(0, 16, 4))
    given = {"plan": shown, "name": "Ada", "reason": "as agreed"} | said
    async with get_client() as client:
        # Prefect says that the run is paused a moment before it knows the form.
        while True:
            answered = await client.resume_flow_run(run.id, run_input=given)
            if answered.status.value == "ACCEPT":
                return
            await asyncio.sleep(0.2)


async def run_and(file: Path, name: str, then: Callable[[], Any]) -> Any:
    flow: Any = run_campaign
    running = asyncio.create_task(flow(file=str(file), approve=True, return_state=True))
    try:
        await asyncio.wait_for(then(), 90)
        return await asyncio.wait_for(running, 90)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_nobody_is_called_before_the_plan_is_approved_and_then_everybody_in_it(
    simulator: RunningSimulator, folder: Path, prefect_api: str
) -> None:
    name = "to-be-approved"

    async def approve() -> None:
        run, key = await paused(name)
        assert not simulator.stage.world.ledger.rings
        await answer(run, key, approve=True)

    state = await run_and(prepared(folder, name), name, approve)

    assert state.is_completed(), state
    assert len(simulator.stage.world.ledger.rings) == PEOPLE
    with Ledger.open() as ledger, ledger.reading() as db:
        [decision] = [one for one in audit.listing(db) if one.verb == "approve"]
    assert (decision.actor, decision.reason) == ("Ada", "as agreed")


async def test_a_plan_that_is_refused_calls_nobody(
    simulator: RunningSimulator, folder: Path, prefect_api: str
) -> None:
    name = "refused"

    async def refuse() -> None:
        await answer(*await paused(name), approve=False, reason="too many")

    state = await run_and(prepared(folder, name), name, refuse)

    assert state.name == "NotApproved"
    assert "by Ada: too many" in state.message
    assert not simulator.stage.world.ledger.rings


@pytest.mark.proof
async def test_a_plan_that_changes_while_it_waits_is_shown_anew(
    simulator: RunningSimulator, folder: Path, prefect_api: str
) -> None:
    name = "changed-meanwhile"
    stopped = people(1)[0]["phone_number"]

    async def change_and_approve_twice() -> None:
        run, key = await paused(name)
        with Ledger.open() as ledger:
            now = run.created
            assert now is not None
            ledger.run_sync(suppressions.add, [stopped], reason="asked", source="test", now=now)
        await answer(run, key, approve=True)
        again, other = await paused(name, key)
        assert not simulator.stage.world.ledger.rings
        await answer(again, other, approve=True)

    state = await run_and(prepared(folder, name), name, change_and_approve_twice)

    assert state.is_completed(), state
    rung = [ring.row()["number"] for ring in simulator.stage.world.ledger.rings]
    assert len(rung) == PEOPLE - 1
    assert stopped not in rung
