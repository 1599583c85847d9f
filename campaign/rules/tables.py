"""The tables that ship with the rules, read from the package's `data` folder."""

import csv
from functools import cache
from importlib.resources import files


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`, by column name."""
    with files("campaign.rules").joinpath("data", f"{name}.csv").open(encoding="utf-8") as text:
        return tuple(csv.DictReader(text))
