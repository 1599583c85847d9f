"""`outdial incident`: what must not happen and did waits for a person who has looked at it."""

from dataclasses import asdict
from typing import Any

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from outdial.deciders import decided
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.terminal import Column, print_json, print_table, say, tell
from store import campaigns
from store.decisions import incidents
from store.decisions.incidents import IncidentView
from store.ledger import Ledger


@click.group(epilog="Example: outdial incident list")
def command() -> None:
    """Answer for what must not happen and did, such as a second call for one attempt.

    An incident stops its campaign. Look at the provider's own pages, mend the cause, resolve it.
    """


@command.command("list", epilog="Example: outdial incident list spring-renewals")
@click.argument("campaign", required=False)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def list_open(context: click.Context, campaign: str | None, *, json: bool) -> None:
    """Show the incidents that nobody has resolved, of CAMPAIGN or of all.

    Exit code 1: there are some.
    """
    with Ledger.open() as ledger, ledger.reading() as db:
        found = campaigns.get(db, campaign).id if campaign is not None else None
        unresolved = incidents.unresolved(db, found)
        names = {view.id: view.name for view in campaigns.listing(db)}
    if json:
        print_json([_as_json(incident, names) for incident in unresolved])
    elif unresolved:
        print_table(_COLUMNS, [_row(incident, names) for incident in unresolved])
    else:
        tell("No incident is open.")
    context.exit(NEEDS_ATTENTION if unresolved else DONE)


@command.command(
    epilog="Example: outdial incident resolve 3 --by ann --reason 'asked the provider'"
)
@click.argument("number", type=int, metavar="ID")
@decided
def resolve(number: int, *, actor: str, reason: str) -> None:
    """Say that you have looked at the incident ID and answer for going on.

    The campaign stays stopped until `outdial resume`. For a restored ledger this means: whom it
    does not know to be called is called again.
    """
    with Ledger.open() as ledger:
        name = ledger.run_sync(_resolve, number, actor, reason)
    say(f"Incident {number} is resolved. To let its campaign call again: outdial resume {name}")


def _resolve(db: Connection, number: int, actor: str, reason: str) -> str:
    """Resolve it, and return the name of its campaign."""
    found = next((one for one in incidents.unresolved(db) if one.id == number), None)
    if found is None:
        message = "there is no open incident of this id"
        raise BadInput(
            message, [Fault(message, "`outdial incident list` shows them.", value=str(number))]
        )
    incidents.resolve(db, number, actor=actor, reason=reason, now=SystemClock().now())
    return campaigns.get(db, found.campaign_id).name


_COLUMNS = (
    Column("id", right=True),
    Column("campaign"),
    Column("kind"),
    Column("since"),
    Column("subject"),
    Column("what"),
)


def _row(incident: IncidentView, names: dict[str, str]) -> tuple[object, ...]:
    return (
        incident.id,
        names[incident.campaign_id],
        incident.kind.replace("_", " "),
        f"{incident.at.astimezone():%Y-%m-%d %H:%M}",
        incident.subject,
        incident.detail,
    )


def _as_json(incident: IncidentView, names: dict[str, str]) -> dict[str, Any]:
    return asdict(incident) | {"campaign": names[incident.campaign_id]}
