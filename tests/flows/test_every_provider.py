"""Five hundred people through each provider's API:

every ring has its row, and every row its ring.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from campaign.spec import CampaignSpec
from flows.run_campaign import run_campaign
from outdial.export import write
from simulator.server import RunningSimulator
from store import books, campaigns
from store.books import Books
from store.ledger import Ledger
from store.reports import results
from tests.flows.campaigns import APIS, campaign, write_list
from tests.proofs import at_length

PEOPLE = 500

UNSAYABLE = {
    "vogent": {"invalid_number": "failed"},
    "bland": {"invalid_number": "failed"},
    "bland-v1": {"invalid_number": "failed"},
    "happyrobot": {"invalid_number": "failed"},
    "vocode": {"invalid_number": "failed"},
}
"""What became of a call, and what a provider without a word for it says instead."""


async def run(spec: CampaignSpec, folder: Path) -> Books:
    """Run a campaign to its end and return its books."""
    file = folder / "campaign.yaml"
    file.write_text(spec.model_dump_json(exclude_defaults=True))  # JSON is YAML.
    run: Any = run_campaign
    await run(file=str(file), return_state=True)
    with Ledger.open() as ledger, ledger.reading() as db:
        return books.books(db, campaigns.get(db, spec.name).id)


def exported(name: str, folder: Path) -> dict[tuple[str, str], str]:
    """Outcomes by number and call id, as the export tells them."""
    file = folder / "calls.csv"
    with Ledger.open() as ledger, ledger.reading() as db:
        rows = results.calls(db, campaigns.get(db, name).id)
        write(file, "csv", results.CALL_COLUMNS, rows)
    with file.open(newline="") as handle:
        found = list(csv.DictReader(handle))
    told = {
        (row["phone_number"].lstrip("'"), row["provider_call_id"]): row["outcome"] for row in found
    }
    assert len(told) == len(found), "a call stands in the export twice"
    return told


def rung(simulator: RunningSimulator, api: str) -> dict[tuple[str, str], str]:
    """Outcomes by number and call id, as the simulator knows them and the API can say them."""
    rows = [ring.row() for ring in simulator.stage.world.ledger.rings]
    words = UNSAYABLE.get(api, {})
    return {
        (row["number"], row["provider_call_id"]): words.get(row["outcome"], str(row["outcome"]))
        for row in rows
    }


@pytest.mark.long
@pytest.mark.parametrize("api", at_length(APIS))
async def test_every_ring_has_one_row_and_every_row_one_ring(
    api: str, simulator: RunningSimulator, folder: Path, prefect_api: str
) -> None:
    write_list(folder, PEOPLE)

    counted = await run(campaign(api, f"all-of-{api}"), folder)

    assert counted.listed == PEOPLE
    assert counted.problems == ()
    assert counted.closes
    assert len(rung(simulator, api)) == PEOPLE
    assert exported(f"all-of-{api}", folder) == rung(simulator, api)
