"""Campaigns for tests: fictional people, and an agent block for each provider's API."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from campaign.spec import CampaignSpec

ID = "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"
NUMBER_ID = "9a4be2b7-0f0c-4ef4-8a51-2c1d7f2f6d20"
ID_24 = "65f1c0aa0000000000000001"
USE_CASE = "65f1c0aa0000000000000010"
CALLER = "+13125550199"

APIS: Mapping[str, tuple[str, dict[str, Any], list[str]]] = {
    "vogent": ("vogent", {"agent_id": ID}, [NUMBER_ID]),
    "bland": ("bland", {"task": "Remind {{first_name}}."}, [CALLER]),
    "bland-v1": ("bland", {"api": "v1", "task": "Remind {{first_name}}."}, [CALLER]),
    "happyrobot": ("happyrobot", {"use_case_id": USE_CASE}, [ID_24]),
    "vapi": ("vapi", {"assistant_id": ID}, [NUMBER_ID]),
    "vapi-call": ("vapi", {"api": "call", "assistant_id": ID}, [NUMBER_ID]),
    "vocode": ("vocode", {"agent_id": ID}, [CALLER]),
}
"""Provider, agent block and caller numbers of each API that a campaign can choose."""

# Area codes of one zone each, so that no rule about zones is in the way.
AREAS = (201, 202, 203, 205, 206, 207, 209, 210, 212, 213, 214, 215, 216, 217, 218, 224)


def people(count: int, skip: int = 0) -> list[dict[str, str]]:
    """Fictional people: `+1 NPA 555 01xx`, all numbers different; `skip`: other people."""
    numbers = [f"+1{area}55501{last:02}" for last in range(100) for area in AREAS]
    return [
        {"phone_number": number, "first_name": f"Person {index}"}
        for index, number in enumerate(numbers[skip : skip + count], start=1)
    ]


def write_list(
    folder: Path,
    count: int | Sequence[Mapping[str, str]],
    name: str = "people.csv",
    skip: int = 0,
) -> Path:
    """Write a list of fictional people: these rows, or so many."""
    rows = people(count, skip) if isinstance(count, int) else count
    file = folder / name
    with file.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def campaign(api: str, name: str, **changes: Any) -> CampaignSpec:
    """Return a campaign of `people.csv` that is quick: short pauses, no guard."""
    return CampaignSpec.model_validate(document(api, name, **changes))


def document(api: str, name: str, **changes: Any) -> dict[str, Any]:
    """Return the same as its author would write it."""
    provider, agent, callers = APIS[api]
    said: dict[str, Any] = {
        "name": name,
        "provider": provider,
        "agent": agent,
        "from_numbers": callers,
        "recipients": {"source": "people.csv", "country": "US"},
        "variables": {"first_name": "{first_name}"},
        "policy": {"calling_windows": "any_hour"},
        "limits": {"concurrency": 400, "batch_size": 200, "start_guard": "0s"},
        "polling": {"min": "100ms", "max": "300ms", "settle": "2s"},
    }
    return said | changes
