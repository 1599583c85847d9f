"""Plan a large generated list, and tell the time and the memory that it takes.

The numbers are generated and may be anybody's: the list is thrown away, and nothing here knows a
provider.
"""

import argparse
import csv
import random
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from campaign.rules.tables import table
from campaign.spec import CampaignSpec
from store import suppressions
from store.ledger import Ledger
from store.plans.making import make_plan

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)


def write_list(file: Path, people: int) -> list[str]:
    """Write numbers of all American and Canadian area codes; return one in fifty."""
    draw = random.Random(7)
    areas = [code for row in table("area_codes") for code in row["area_codes"].split()]
    some: list[str] = []
    with file.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["phone_number", "first_name"])
        for index in range(people):
            number = f"+1{draw.choice(areas)}{draw.randrange(2_000_000, 10_000_000)}"
            writer.writerow([number, f"Person {index}"])
            if index % 50 == 0:
                some.append(number)
    return some


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=1_000_000)
    people: int = arguments.parse_args().people
    said = {
        "name": "benchmark",
        "provider": [{"provider": "vogent", "share": 0.7}, {"provider": "vapi", "share": 0.3}],
        "recipients": {"source": "people.csv", "country": "US"},
        "variables": {"who": "{first_name}"},
        "policy": {"require_consent": "never", "calling_windows": {"purpose": "informational"}},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stopped = write_list(folder / "people.csv", people)
        with Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
            ledger.run_sync(suppressions.add, stopped, reason="", source="benchmark", now=NOON)
            began, worked = time.monotonic(), time.process_time()
            with ledger.reading() as db:
                spec = CampaignSpec.model_validate(said)
                plan = make_plan(db, spec, now=NOON, base_dir=folder, key=b"benchmark")
            wall, cpu = time.monotonic() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(  # noqa: T201 - its result
        f"{plan.listed:,} rows, {plan.called:,} called: {wall:.1f} s, {cpu:.1f} s of CPU,"
        f" peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
