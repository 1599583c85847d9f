"""`outdial held`: what only a person can settle, who has looked at the provider's own pages."""

import asyncio
from typing import NoReturn

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from campaign.states import SubmissionState
from outdial.adopting import adopt_by_hand, adopt_call_by_hand
from outdial.deciders import decided
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.held import as_json, print_held
from outdial.settling import Matter, matter_of
from outdial.terminal import count, print_json, say, tell
from store import campaigns, doubts
from store.decisions import holding, people
from store.decisions.holding import Decider
from store.ledger import Ledger

_KEY = click.option("--key", metavar="KEY", help="Only this person of TAG.")


@click.group(epilog="Example: outdial held list")
def command() -> None:
    """Settle what a provider may or may not have called.

    Nobody who is held is called, by any campaign, before it is settled. A whole submission goes by
    its TAG; people whom the provider never accounted for, in one that it did take, by TAG for all
    of them, TAG and --key KEY for one, or the KEY alone. Look for these names on the provider's own
    pages, then say what you found.
    """


@command.command("list", epilog="Example: outdial held list spring-renewals")
@click.argument("campaign", required=False)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def list_held(context: click.Context, campaign: str | None, *, json: bool) -> None:
    """Show what is in doubt and who is held, of CAMPAIGN or of all.

    What is `held` waits for your word; what is `unknown` is still being asked after. A line with a
    key is one person of a submission that the provider took. Exit code 1: something is held.
    """
    with Ledger.open() as ledger, ledger.reading() as db:
        found = campaigns.get(db, campaign).id if campaign is not None else None
        in_doubt = list(doubts.doubts(db, found))
        unanswered = list(doubts.unanswered(db, found))
        names = {view.id: view.name for view in campaigns.listing(db)}
    if json:
        print_json(as_json(in_doubt, unanswered, names))
    elif in_doubt or unanswered:
        print_held(in_doubt, unanswered, names)
    else:
        tell("Nothing is in doubt.")
    held = any(doubt.state is SubmissionState.HELD for doubt in in_doubt)
    context.exit(NEEDS_ATTENTION if held or unanswered else DONE)


@command.command(
    epilog="Example: outdial held adopt od1-3fk2m9xq-1-1-a81c 7712 --by ann --reason 'seen there'"
)
@click.argument("name", metavar="TAG|KEY")
@click.argument("provider_id")
@_KEY
@click.option(
    "--not-started", is_flag=True, help="Vogent: it was created and never started, so start it."
)
@click.option(
    "--unchecked", is_flag=True, help="The provider cannot be asked: take my word for it."
)
@decided
def adopt(
    name: str,
    provider_id: str,
    *,
    key: str | None,
    not_started: bool,
    unchecked: bool,
    actor: str,
    reason: str,
) -> None:
    """Say that the provider has TAG, as its PROVIDER_ID: its results are collected.

    PROVIDER_ID is that of the batch; where the provider has no batches, and for one person, that of
    the call. The provider is asked first: an id that it does not know, or that bears another name
    there, is refused. If it cannot be asked nothing is changed, unless you say --unchecked; a wrong
    id then keeps people from being called, and brings home the results of others.
    """
    decider = Decider(actor=actor, reason=reason)
    with Ledger.open() as ledger:
        matter = ledger.run_sync(matter_of, name, key)
    if not matter.keys:
        adopting = adopt_by_hand(
            matter, provider_id, decider, not_started=not_started, unchecked=unchecked
        )
        asyncio.run(adopting)
        say(f"{name} is adopted: the next look collects its calls. Go on with: outdial run FILE")
        return
    if not_started or unchecked:
        option = "--not-started" if not_started else "--unchecked"
        message = f"{option} is for whole submissions: a person's call is read at the provider"
        raise BadInput(message, [Fault(message)])
    asyncio.run(adopt_call_by_hand(matter, provider_id, decider))
    say(f"{provider_id} is adopted as the call of {matter.person}: it decides what became of them.")


@command.command(
    epilog="Example: outdial held confirm-not-placed od1-3fk2m9xq-1-1-a81c --by ann --reason 'none'"
)
@click.argument("name", metavar="TAG|KEY")
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask for the tag again.")
@decided
def confirm_not_placed(name: str, *, key: str | None, yes: bool, actor: str, reason: str) -> None:
    """Vouch that no call of TAG or KEY was placed: its people are called after all.

    If you are wrong they are called twice: you are asked to type the tag, or key, again.
    """
    with Ledger.open() as ledger:
        matter = ledger.run_sync(matter_of, name, key)
        if not yes:
            typed = key or name
            _ask(typed, "key" if typed == matter.person else "tag")
        decider = Decider(actor=actor, reason=reason)
        many = ledger.run_sync(_confirm, matter, decider)
    if not matter.keys:
        say(f"{name} is planned again, and sent by the next run: outdial run FILE")
        return
    say(f"{count(many, 'person')} of {matter.tag} may be called again: outdial run FILE")
    if many < len(matter.keys):
        say(f"{len(matter.keys) - many} stay held: a call of theirs is in the ledger.")


@command.command(
    epilog="Example: outdial held abandon od1-3fk2m9xq-1-1-a81c --by ann --reason 'too late'"
)
@click.argument("name", metavar="TAG|KEY")
@_KEY
@decided
def abandon(name: str, *, key: str | None, actor: str, reason: str) -> None:
    """Give TAG or KEY up: its people are not called by it, and count as not reached.

    Refused for what has a call in the ledger, and for whom a call may be under way to. Should TAG
    turn up all the same it is stopped, its calls are kept, and it is an incident.
    """
    with Ledger.open() as ledger:
        decider = Decider(actor=actor, reason=reason)
        matter, many = ledger.run_sync(_abandon, name, key, decider)
    if not matter.keys:
        say(f"{name} is given up: its people count as not reached.")
    else:
        say(f"{count(many, 'person')} of {matter.tag} given up: they count as not reached.")
        if many < len(matter.keys):
            say(f"{len(matter.keys) - many} stay held: a call of theirs may be under way.")


def _confirm(db: Connection, matter: Matter, decider: Decider) -> int:
    now = SystemClock().now()
    if matter.keys:
        many = people.confirm_not_placed(db, matter.tag, matter.keys, decider, now)
        done = bool(many)
    else:
        many, done = 0, holding.confirm_not_placed(db, matter.tag, decider, now)
    if not done:
        _refuse_called(db, matter, f"a call of {matter.name} is in the ledger: it was placed")
    return many


def _abandon(db: Connection, name: str, key: str | None, decider: Decider) -> tuple[Matter, int]:
    matter, now = matter_of(db, name, key), SystemClock().now()
    if matter.keys:
        many = people.abandon(db, matter.tag, matter.keys, decider, now)
        done = bool(many)
    else:
        many, done = 0, holding.abandon(db, matter.tag, decider, now)
    if not done and matter.keys:
        why = f"{matter.name}: a call of it was heard of within a day and is not over"
        _refuse_called(db, matter, why)
    elif not done:
        _refuse_called(db, matter, f"a call of {matter.name} is in the ledger: it was placed")
    return matter, many


def _refuse_called(db: Connection, matter: Matter, message: str) -> NoReturn:
    """Say that a call stands against a decision, or whatever became of the matter meanwhile."""
    matter_of(db, matter.tag, matter.person)
    remedy = f"`outdial held adopt {matter.name} ID` takes it over."
    raise BadInput(message, [Fault(message, remedy)])


def _ask(name: str, what: str) -> None:
    tell("If the provider has it all the same, its people are called twice.")
    if click.prompt(f"Type the {what} to go on", err=True).strip() != name:
        message = f"that is not the {what}; nothing was changed"
        raise BadInput(message, [Fault(message, f"Type {name}.")])
