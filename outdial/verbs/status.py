"""`outdial status`: all campaigns, or one in full."""

from collections.abc import Collection
from itertools import chain
from typing import Any

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.states import CampaignState, RecipientState, SubmissionState
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.summary import as_json, left_alone, print_standing, standing, stopped
from outdial.terminal import Column, print_json, print_table, say, tell
from providers import names
from store import campaigns, doubts
from store.accounts import memory as accounts
from store.campaigns import CampaignView
from store.database.trouble import place
from store.decisions import incidents, pausing
from store.ledger import Ledger
from store.reports import glance
from store.reports.glance import Glance


@click.command(epilog="Example: outdial status spring-renewals")
@click.argument("campaign", required=False)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(context: click.Context, campaign: str | None, *, json: bool) -> None:
    """Show all campaigns, or how one CAMPAIGN stands: books, outcomes, batches, doubts.

    Exit code 1: a campaign that is shown needs attention, has people held or an open incident.
    """
    with Ledger.open() as ledger:
        attention = _all(ledger, json=json) if campaign is None else _one(ledger, campaign, json)
    context.exit(NEEDS_ATTENTION if attention else DONE)


def _one(ledger: Ledger, name: str, json: bool) -> bool:
    now = SystemClock().now()
    with ledger.reading() as db:
        said = standing(db, campaigns.get(db, name), now)
    if json:
        print_json(as_json(said))
    else:
        print_standing(said, now)
    return said.needs_attention


def _all(ledger: Ledger, *, json: bool) -> bool:
    now = SystemClock().now()
    with ledger.reading() as db:
        waiting = accounts.left_alone(db, names(), now)
        everything = pausing.paused(db)
        known = [(view, glance.glance(db, view.id)) for view in campaigns.listing(db)]
        asking = _asking(db)
    attention = {view.name for view, _ in known if _needs_attention(view, asking)}
    if json:
        print_json([_as_json(view, said, view.name in attention) for view, said in known])
    elif known:
        print_table(_COLUMNS, [_row(view, said) for view, said in known])
        for one in waiting:
            say(f"- {left_alone(one, now)}")
        if everything is not None:
            say(f"- {stopped(everything)}")
        for view, _ in known:
            if view.name in attention:
                say(f"- {view.name} needs a look: outdial status {view.name}")
    else:
        # The ledger that a slip of the pen has made is empty, too.
        where = place(ledger.engine.url)
        tell(f"No campaign is in {where} yet: begin with `outdial demo` or `outdial run FILE`.")
    return bool(attention)


def _asking(db: Connection) -> set[str]:
    """The ids of the campaigns with something that only a person can settle."""
    held = (one for one in doubts.doubts(db) if one.state is SubmissionState.HELD)
    return {one.campaign_id for one in chain(held, doubts.unanswered(db), incidents.unresolved(db))}


def _needs_attention(view: CampaignView, asking: Collection[str]) -> bool:
    return view.state is CampaignState.NEEDS_ATTENTION or view.id in asking


_COLUMNS = (
    Column("campaign"),
    Column("state"),
    Column("people", right=True),
    Column("done", right=True),
    Column("reached", right=True),
    Column("held", right=True),
    Column("made"),
)


def _row(view: CampaignView, said: Glance) -> tuple[object, ...]:
    return (
        view.name,
        view.state.value.replace("_", " "),
        said.listed,
        said.closed,
        said.people.get(RecipientState.REACHED, 0),
        said.people.get(RecipientState.HELD, 0),
        f"{view.created_at.astimezone():%Y-%m-%d %H:%M}",
    )


def _as_json(view: CampaignView, said: Glance, attention: bool) -> dict[str, Any]:
    return {
        "campaign": view.name,
        "id": view.id,
        "state": view.state.value,
        "reason": view.state_reason,
        "needs_attention": attention,
        "created_at": view.created_at.isoformat(),
        "people": {state.value: said.people.get(state, 0) for state in RecipientState},
        "calls": {outcome.value: number for outcome, number in said.calls.items()},
    }
