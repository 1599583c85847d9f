"""`outdial report`: how a campaign went, on one page."""

from pathlib import Path

import click

from campaign.clock import SystemClock
from outdial.report.gathering import as_json, gather
from outdial.report.page import render
from outdial.terminal import print_json, tell
from outdial.writing import STDOUT, complete_file
from store import campaigns
from store.ledger import Ledger


@click.command(epilog="Example: outdial report spring-renewals --output report.html")
@click.argument("campaign")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=STDOUT,
    show_default=True,
    help="The HTML file; - is stdout.",
)
@click.option("--json", "json", is_flag=True, help="Print the figures as JSON, and no page.")
def command(campaign: str, output: Path, *, json: bool) -> None:
    """Draw a page on how CAMPAIGN went: funnel, outcomes, hours, cost, providers compared.

    The page needs nothing else to be seen, runs no script, and may be printed. It holds counts,
    times and money, and no number, name or word of anybody.
    """
    now = SystemClock().now()
    with Ledger.open() as ledger, ledger.reading() as db:
        said = gather(db, campaigns.get(db, campaign), now)
    if json:
        print_json(as_json(said))
        return
    page = render(said).encode()
    with complete_file(output) as file:
        file.write(page)
    if output != STDOUT:
        tell(f"The report of {said.standing.campaign.name} is in {output}")
