"""`outdial cancel`: a campaign ends before its time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.states import CampaignState
from outdial.capabilities import of_campaign
from outdial.deciders import steered
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.steering import refuse_unless
from outdial.terminal import count, print_json, say
from store import campaigns
from store.campaigns import CampaignView
from store.decisions import cancelling
from store.ledger import Ledger

_CAN_STOP = {
    "batch": "its batches are stopped there: calls that ring already may go on",
    "calls": "its calls are stopped there one by one: some may ring before their turn comes",
    "pause only": "it cannot stop a batch, only pause it there: calls that ring already go on",
    "no": "it cannot stop what it has: all of it is still called",
}


@click.command(epilog="Example: outdial cancel spring-renewals --reason 'wrong list'")
@click.argument("campaign")
@click.option("--json", "json", is_flag=True, help="Print what is under way as JSON.")
@steered
@click.pass_context
def command(context: click.Context, campaign: str, *, json: bool, actor: str, reason: str) -> None:
    """End CAMPAIGN for good: whoever was not called yet never is.

    What the providers have already is stopped as far as each can; its results are still kept. The
    campaign is cancelled when nothing is under way any more, and cancelling until then. Exit code
    1: it is cancelling.
    """
    now = SystemClock().now()
    with Ledger.open() as ledger:
        found = ledger.run_sync(_ask, campaign, actor, reason, now)
        ledger.run_sync(cancelling.finish, found.id, now)
        with ledger.reading() as db:
            found = campaigns.get(db, found.id)
            under_way = cancelling.batches_under_way(db, found.id)
    if json:
        print_json(_as_json(found, under_way))
    else:
        _tell(found, under_way)
    context.exit(NEEDS_ATTENTION if found.state is CampaignState.CANCELLING else DONE)


def _ask(db: Connection, name: str, actor: str, reason: str, now: datetime) -> CampaignView:
    found = campaigns.get(db, name)
    # Asked twice: whatever has come up since the first time is called off, too.
    refuse_unless(found, "cancel", CampaignState.CANCELLING, _CANCELLABLE_TOO)
    cancelling.ask(db, found.id, actor=actor, reason=reason, now=now)
    return found


_CANCELLABLE_TOO = (CampaignState.DRAFT, CampaignState.CANCELLING)


def _tell(found: CampaignView, under_way: Mapping[str, int]) -> None:
    say(f"{found.name} is {found.state.value}: {found.state_reason}")
    for provider, batches in under_way.items():
        said = _CAN_STOP[of_campaign(found.spec, provider).cancels]
        say(f"- {provider} has {count(batches, 'batch')}: {said}.")
    if under_way:
        say("If no run is at work on it, have them stopped and collected by: outdial run FILE")


def _as_json(found: CampaignView, under_way: Mapping[str, int]) -> dict[str, Any]:
    return {
        "campaign": found.name,
        "id": found.id,
        "state": found.state.value,
        "reason": found.state_reason,
        "under_way": [
            {
                "provider": provider,
                "batches": batches,
                "stops": of_campaign(found.spec, provider).cancels,
            }
            for provider, batches in under_way.items()
        ],
    }
