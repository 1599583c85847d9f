"""What can be seen on a campaign's page in the Prefect UI."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.run_campaign import run_campaign
from store import campaigns
from store.ledger import Ledger
from store.reports import comparisons
from tests.flows.campaigns import campaign, write_list

PEOPLE = 30


@pytest.mark.usefixtures("simulator")
async def test_the_progress_bar_is_on_the_page_of_the_campaigns_own_run(
    folder: Path, prefect_api: str
) -> None:
    write_list(folder, PEOPLE)
    file = folder / "campaign.yaml"
    spec = campaign("vogent", "seen-on-its-page")
    file.write_text(spec.model_dump_json(exclude_defaults=True))  # JSON is YAML.

    run: Any = run_campaign
    await run(file=str(file), return_state=True)

    with Ledger.open() as ledger, ledger.reading() as db:
        its_run = campaigns.get(db, "seen-on-its-page").flow_run_id
    wanted = {
        "artifacts": {"flow_run_id": {"any_": [its_run]}, "type": {"any_": ["progress"]}},
    }
    async with httpx.AsyncClient() as client:
        [bar] = (await client.post(f"{prefect_api}/artifacts/filter", json=wanted)).json()
    assert bar["key"] == "campaign-seen-on-its-page"
    assert bar["data"] == 100
    assert bar["description"].startswith(f"{PEOPLE} listed: ")


@pytest.mark.usefixtures("simulator")
async def test_the_report_is_on_the_page_of_the_campaigns_run_and_names_nobody(
    folder: Path, prefect_api: str
) -> None:
    write_list(folder, PEOPLE)
    file = folder / "campaign.yaml"
    spec = campaign("vogent", "told-on-its-page")
    file.write_text(spec.model_dump_json(exclude_defaults=True))

    run: Any = run_campaign
    await run(file=str(file), return_state=True)

    wanted = {"artifacts": {"key": {"any_": ["report-told-on-its-page"]}}}
    async with httpx.AsyncClient() as client:
        [report] = (await client.post(f"{prefect_api}/artifacts/filter", json=wanted)).json()
    with Ledger.open() as ledger, ledger.reading() as db:
        [figures] = comparisons.by_provider(db, campaigns.get(db, spec.name).id)
    assert figures.calls >= PEOPLE
    assert report["description"].startswith(f"{PEOPLE} listed: ")
    assert f"| vogent | {figures.calls} | {figures.answered} |" in report["data"]
    assert f"{figures.answer_rate:.1%}" in report["data"]
    assert "555" not in report["data"]
