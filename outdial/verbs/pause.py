"""`outdial pause`: nothing more is sent, at once."""

import click

from campaign.clock import SystemClock
from campaign.states import CampaignState
from outdial.deciders import steered
from outdial.steering import one_or_all, steer
from outdial.terminal import say
from store.decisions import pausing
from store.ledger import Ledger


@click.command(epilog="Example: outdial pause spring-renewals --reason 'wrong greeting'")
@click.argument("campaign", required=False)
@click.option("--all", "everything", is_flag=True, help="Every campaign of this ledger.")
@steered
def command(campaign: str | None, *, everything: bool, actor: str, reason: str) -> None:
    """Send nothing more for CAMPAIGN, or for any campaign, from the next byte on.

    It works whichever process runs the campaign. Calls that a provider has already go on, and their
    results are kept: only `outdial cancel` has them stopped. `outdial resume` undoes it.
    """
    name = one_or_all(campaign, everything=everything)
    now = SystemClock().now()
    with Ledger.open() as ledger:
        if name is None:
            made = ledger.run_sync(pausing.pause_all, actor=actor, reason=reason, now=now)
            say("Everything is paused." if made else "Everything was paused already.")
        else:
            to = CampaignState.PAUSED
            view = ledger.run_sync(steer, name, "pause", to, actor=actor, reason=reason, now=now)
            name = view.name
            say(f"{name} is paused.")
    say("What the providers have already goes on, and its results are kept.")
    say(f"To go on: outdial resume {name or '--all'}")
