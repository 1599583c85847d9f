"""`outdial held`: what only a person can settle, who has looked at the provider's own pages."""

from dataclasses import asdict
from typing import Any

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from campaign.states import SubmissionState
from outdial.deciders import decided
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.settling import receipt_for
from outdial.terminal import Column, print_json, print_table, say, tell
from store import books, campaigns
from store.books import Doubt
from store.decisions import holding
from store.decisions.holding import Decider
from store.ledger import Ledger
from store.submissions import views as submissions


@click.group(epilog="Example: outdial held list")
def command() -> None:
    """Settle submissions that a provider may or may not have taken.

    Nobody of them is called before they are settled, and each is still looked for at the provider.
    Look for the tag on the provider's own pages, then say what you found.
    """


@command.command("list", epilog="Example: outdial held list spring-renewals")
@click.argument("campaign", required=False)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def list_held(context: click.Context, campaign: str | None, *, json: bool) -> None:
    """Show the submissions in doubt, of CAMPAIGN or of all.

    Those that are `held` wait for your word; those that are `unknown` are still being asked after.
    Exit code 1: some are held.
    """
    with Ledger.open() as ledger, ledger.reading() as db:
        found = campaigns.get(db, campaign).id if campaign is not None else None
        doubts = list(books.doubts(db, found))
        names = {view.id: view.name for view in campaigns.listing(db)}
    if json:
        print_json([_as_json(doubt, names) for doubt in doubts])
    elif doubts:
        print_table(_COLUMNS, [_row(doubt, names) for doubt in doubts])
    else:
        tell("Nothing is in doubt.")
    held = any(doubt.state is SubmissionState.HELD for doubt in doubts)
    context.exit(NEEDS_ATTENTION if held else DONE)


@command.command(
    epilog="Example: outdial held adopt od1-3fk2m9xq-1-1-a81c 7712 --by ann --reason 'seen there'"
)
@click.argument("tag")
@click.argument("provider_id")
@click.option(
    "--not-started", is_flag=True, help="Vogent: it was created and never started, so start it."
)
@decided
def adopt(tag: str, provider_id: str, *, not_started: bool, actor: str, reason: str) -> None:
    """Say that the provider has TAG, as its PROVIDER_ID: its results are collected.

    PROVIDER_ID is that of the batch; where the provider has no batches, that of the call.
    """
    with Ledger.open() as ledger:
        ledger.run_sync(_adopt, tag, provider_id, Decider(actor=actor, reason=reason), not_started)
    say(f"{tag} is adopted: the next look collects its calls. Go on with: outdial run FILE")


@command.command(
    epilog="Example: outdial held confirm-not-placed od1-3fk2m9xq-1-1-a81c --by ann --reason 'none'"
)
@click.argument("tag")
@click.option("--yes", is_flag=True, help="Do not ask for the tag again.")
@decided
def confirm_not_placed(tag: str, *, yes: bool, actor: str, reason: str) -> None:
    """Vouch that the provider never got TAG: its people are called after all.

    If you are wrong they are called twice: you are asked to type the tag.
    """
    with Ledger.open() as ledger:
        ledger.run_sync(_refuse_unless_held, tag)
        if not yes:
            _ask(tag)
        ledger.run_sync(_confirm, tag, Decider(actor=actor, reason=reason))
    say(f"{tag} is planned again, and sent by the next run: outdial run FILE")


@command.command(
    epilog="Example: outdial held abandon od1-3fk2m9xq-1-1-a81c --by ann --reason 'too late'"
)
@click.argument("tag")
@decided
def abandon(tag: str, *, actor: str, reason: str) -> None:
    """Give TAG up: its people are not called by it, and count as not reached.

    Should a call of it turn up all the same, it is kept.
    """
    with Ledger.open() as ledger:
        ledger.run_sync(_abandon, tag, Decider(actor=actor, reason=reason))
    say(f"{tag} is given up: its people count as not reached.")


def _adopt(db: Connection, tag: str, provider_id: str, decider: Decider, not_started: bool) -> None:
    _refuse_unless_held(db, tag)
    receipt = receipt_for(db, tag, provider_id)
    # Nobody knows whether it rings: then it counts as if it did.
    now = SystemClock().now()
    holding.adopt(db, tag, receipt, decider, now, dials=not not_started)


def _confirm(db: Connection, tag: str, decider: Decider) -> None:
    _refuse_unless_held(db, tag)
    if not holding.confirm_not_placed(db, tag, decider, SystemClock().now()):
        message = f"a call of {tag} is in the ledger: it was placed"
        raise BadInput(message, [Fault(message, f"`outdial held adopt {tag} ID` takes it over.")])


def _abandon(db: Connection, tag: str, decider: Decider) -> None:
    _refuse_unless_held(db, tag)
    holding.abandon(db, tag, decider, SystemClock().now())


def _refuse_unless_held(db: Connection, tag: str) -> None:
    found = submissions.get(db, tag)
    if found is None:
        message, remedy = "there is no submission of this tag", "`outdial held list` shows them."
        raise BadInput(message, [Fault(message, remedy, value=tag)])
    if found.state is not SubmissionState.HELD:
        message = f"{tag} is {found.state.value}, not held: there is nothing to decide"
        remedy = "It is still being asked after." if found.state is SubmissionState.UNKNOWN else ""
        raise BadInput(message, [Fault(message, remedy)])


def _ask(tag: str) -> None:
    tell("If the provider has it all the same, its people are called twice.")
    if click.prompt("Type the tag to go on", err=True).strip() != tag:
        message = "that is not the tag; nothing was changed"
        raise BadInput(message, [Fault(message, f"Type {tag}.")])


_COLUMNS = (
    Column("tag"),
    Column("campaign"),
    Column("provider"),
    Column("state"),
    Column("people", right=True),
    Column("sent"),
    Column("looks", right=True),
    Column("why"),
)


def _row(doubt: Doubt, names: dict[str, str]) -> tuple[object, ...]:
    sent = f"{doubt.wire_at.astimezone():%Y-%m-%d %H:%M}" if doubt.wire_at else ""
    return (
        doubt.tag,
        names[doubt.campaign_id],
        doubt.provider,
        doubt.state.value,
        doubt.people,
        sent,
        doubt.looks,
        doubt.note,
    )


def _as_json(doubt: Doubt, names: dict[str, str]) -> dict[str, Any]:
    return asdict(doubt) | {"campaign": names[doubt.campaign_id]}
