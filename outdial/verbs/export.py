"""`outdial export`: results to a file."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from campaign.errors import BadInput, Fault
from outdial.export import FORMATS, write
from outdial.terminal import count, tell
from outdial.writing import STDOUT
from store import campaigns
from store.ledger import Ledger
from store.reports import results

_READERS: dict[str, tuple[Sequence[str], Any]] = {
    "calls": (results.CALL_COLUMNS, results.calls),
    "recipients": (results.RECIPIENT_COLUMNS, results.recipients),
}


@click.command(
    epilog="Example: outdial export spring-renewals --format parquet --output calls.parquet"
)
@click.argument("campaign")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=STDOUT,
    show_default=True,
    help="The file; - is stdout.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    help="By default what the file's name ends with, else csv.",
)
@click.option(
    "--rows",
    type=click.Choice(list(_READERS)),
    default="calls",
    show_default=True,
    help="One row for each call, or for each recipient.",
)
def command(campaign: str, output: Path, kind: str | None, rows: str) -> None:
    """Write the calls or recipients of CAMPAIGN to a file, as they are at this moment.

    The file appears only when it is complete. In CSV a text that a spreadsheet would take for a
    formula begins with an apostrophe; telephone numbers are left as they are, +13125550101.
    """
    chosen = kind or _kind_of(output)
    if output == STDOUT and chosen == "parquet" and sys.stdout.isatty():
        message = "Parquet is nothing for a terminal"
        raise BadInput(message, [Fault(message, "Name a file by --output.")])
    with Ledger.open() as ledger, ledger.reading() as db:
        found = campaigns.get(db, campaign)
        columns, read = _READERS[rows]
        # A reader of a pipe may go away in the middle: then the cursor goes before its connection.
        with closing(read(db, found.id)) as wanted:
            written = write(output, chosen, columns, wanted)
    if output != STDOUT:
        tell(f"{count(written, rows.removesuffix('s'))} of {found.name} in {output}")


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    return suffix if suffix in FORMATS else "csv"
