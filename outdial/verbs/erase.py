"""`outdial erase`: a person is removed, and what is left proves that."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from campaign.clock import SystemClock
from outdial.deciders import ask_for_missing, asked
from outdial.suppressing import country_option, numbers_of
from outdial.terminal import count, print_json, say
from store.decisions import erasure, traces
from store.decisions.erasure import Receipt
from store.decisions.traces import Traces
from store.ledger import Ledger

_BEYOND = (
    "Beyond the ledger's reach, and yours to do: the list that the person came from, exports and"
    " backups, and what the providers keep."
)


@click.command(epilog="Example: outdial erase +13125550101 --by ann --reason 'asked by letter'")
@click.argument("number")
@country_option
@click.option("--dry-run", is_flag=True, help="Show what would be erased, and erase nothing.")
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@asked
def command(
    number: str,
    *,
    country: str | None,
    dry_run: bool,
    json: bool,
    actor: str | None,
    reason: str | None,
) -> None:
    """Remove the person behind NUMBER from every campaign, for good, and never call there again.

    Number, names, variables, transcripts, recordings, analyses, raw answers and requests go.
    Counts, outcomes, times and costs stay, so that the books still close, and a keyed hash that
    keeps the number from being called. Refused while a call is under way or in doubt. Keep the
    receipt: it proves the erasure without telling the number.
    """
    (wanted,) = numbers_of([number], country)
    with Ledger.open() as ledger:
        if dry_run:
            with ledger.reading() as db:
                found = traces.find(db, wanted)
            _show(found, json=json)
            return
        with ledger.reading() as db:
            erasure.refuse_open(traces.find(db, wanted))
        actor, reason = ask_for_missing(actor, reason)
        receipt = ledger.run_sync(
            erasure.erase, wanted, actor=actor, reason=reason, now=SystemClock().now()
        )
    _hand_out(receipt, actor, json=json)


def _show(found: Traces, *, json: bool) -> None:
    counts = {
        "recipients": len(found.recipients),
        "attempts": found.attempts,
        "calls": len(found.calls),
        "raw_rows": found.versions + len(found.unread),
        "bodies": found.bodies,
    }
    if json:
        said = {"can_be_erased": not found.open, "suppressed": found.suppressed}
        print_json({"dry_run": True, **counts, **said})
        return
    say(f"Would go: {_words(counts)}. Nothing was changed.")
    if not found.suppressed:
        say("The number would be suppressed, by its hash.")
    if found.open:
        say("Not yet, though: a call is under way or in doubt.")


def _hand_out(receipt: Receipt, actor: str, *, json: bool) -> None:
    said = asdict(receipt)
    if json:
        calls = [{"provider": name, "call": call} for name, call in receipt.provider_calls]
        print_json(said | {"actor": actor, "provider_calls": calls})
        return
    say(f"Receipt: erased at {receipt.at:%Y-%m-%d %H:%M:%S} UTC by {actor}.")
    say(f"  gone      {_words(said)}")
    say(f"  number    hash {receipt.number_hash}, suppressed by it")
    say(f"  audit     {receipt.audit_hash}")
    for name, call in receipt.provider_calls:
        say(f"  call      {name} {call}")
    say(_BEYOND)


def _words(counts: Mapping[str, Any]) -> str:
    words = {
        "recipients": "recipient",
        "attempts": "attempt",
        "calls": "call",
        "raw_rows": "raw row",
        "bodies": "request",
    }
    return ", ".join(count(counts[name], thing) for name, thing in words.items())
