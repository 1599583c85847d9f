"""`outdial explain`: why a person is called, or is not."""

from datetime import datetime

import click

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from outdial.explaining import as_json, explain, print_explanation
from outdial.suppressing import number_of
from outdial.terminal import print_json
from store import campaigns
from store.decisions import pausing
from store.ledger import Ledger
from store.reports import stories


@click.command(epilog="Example: outdial explain spring-renewals +13125550101")
@click.argument("campaign")
@click.argument("number")
@click.option(
    "--country", metavar="CODE", help="Of a number without country code; else the list's."
)
@click.option(
    "--at",
    metavar="INSTANT",
    help="Judge as of then instead of now, such as 2026-07-01T20:00+02:00.",
)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
def command(campaign: str, number: str, *, country: str | None, at: str | None, json: bool) -> None:
    """Explain what CAMPAIGN does about a NUMBER, and why.

    Shows each rule with its verdict, the local clock that it was measured by and where it comes
    from, then every attempt and call. The same rules decide when people are planned, and once more
    before a request leaves.
    """
    now = SystemClock().now() if at is None else _instant(at)
    with Ledger.open() as ledger, ledger.reading() as db:
        found = campaigns.get(db, campaign)
        wanted = number_of(number, country or found.spec.recipients.country)
        if isinstance(wanted, Fault):
            raise BadInput("this is no number", [wanted])
        story = stories.story(db, found.id, wanted, now)
        if story is None:
            message = f"{found.name} has nobody with this number"
            remedy = f"`outdial export {found.name} --rows recipients` lists whom it has."
            raise BadInput(message, [Fault(message, remedy, value=wanted)])
        said = explain(found, pausing.paused(db), story, now)
    if json:
        print_json(as_json(said))
    else:
        print_explanation(said)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        message = "an instant is a date, a time and the distance from UTC"
        raise BadInput(
            message, [Fault(message, "Such as 2026-07-01T20:00+02:00.", "--at", value=text)]
        )
    return instant
