"""`outdial resume`: what was paused may call again."""

import click

from campaign.clock import SystemClock
from campaign.states import CampaignState
from outdial.deciders import steered
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.steering import one_or_all, steer
from outdial.terminal import count, say
from store.decisions import incidents, pausing
from store.ledger import Ledger


@click.command(epilog="Example: outdial resume spring-renewals")
@click.argument("campaign", required=False)
@click.option("--all", "everything", is_flag=True, help="Undo `outdial pause --all`.")
@steered
@click.pass_context
def command(
    context: click.Context, campaign: str | None, *, everything: bool, actor: str, reason: str
) -> None:
    """Let CAMPAIGN call again; `outdial run FILE` then goes on where it was.

    Also for a campaign that needs attention, once you have looked. --all undoes `pause --all` only:
    campaigns that were paused one by one stay so. Exit code 1: it still may not call.
    """
    name = one_or_all(campaign, everything=everything)
    with Ledger.open() as ledger:
        if name is None:
            _everything(ledger, actor, reason)
            context.exit(DONE)
        context.exit(NEEDS_ATTENTION if _one(ledger, name, actor, reason) else DONE)


def _everything(ledger: Ledger, actor: str, reason: str) -> None:
    now = SystemClock().now()
    undone = ledger.run_sync(pausing.resume_all, actor=actor, reason=reason, now=now)
    said = "Campaigns may call again." if undone else "Not everything was paused."
    say(f"{said} Those that were paused by name stay paused: see outdial status")


def _one(ledger: Ledger, name: str, actor: str, reason: str) -> bool:
    """Return whether it still may not call."""
    to, now = CampaignState.RUNNING, SystemClock().now()
    view = ledger.run_sync(steer, name, "resume", to, actor=actor, reason=reason, now=now)
    with ledger.reading() as db:
        paused, unresolved = pausing.paused(db), incidents.unresolved(db, view.id)
    say(f"{view.name} may call again. If no run is at work on it, go on with: outdial run FILE")
    if unresolved:
        say(f"{count(len(unresolved), 'incident')} of it stay open: outdial status {view.name}")
    if paused is not None:
        say(f"But everything is paused by {paused.actor} ({paused.reason}): outdial resume --all")
    return paused is not None
