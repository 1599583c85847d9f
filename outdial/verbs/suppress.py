"""`outdial suppress`: the do-not-call list over all campaigns."""

from pathlib import Path

import click
from sqlalchemy import Connection

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from outdial.deciders import decided
from outdial.failures import BAD_INPUT, DONE, NEEDS_ATTENTION, show_faults
from outdial.suppressing import NumberList, checked_country, country_option, numbers_of
from outdial.terminal import Column, count, print_json, print_table, say, tell
from store import suppressions
from store.decisions import audit
from store.ledger import Ledger
from store.suppressions import NumberHash, SuppressionView

_hashed = click.option(
    "--hashed", is_flag=True, help="Keep a keyed hash only: the number cannot be listed any more."
)
_why = click.option(
    "--reason", default="asked not to be called", show_default=True, help="Kept with the number."
)


@click.group(epilog="Example: outdial suppress add +13125550101")
def command() -> None:
    """Keep numbers that nobody calls, whatever the campaign.

    A number is looked up when people are planned and once more at the last moment before a request
    leaves. What a provider has been given before goes on: `outdial cancel` has it stopped.
    """


@command.command(epilog="Example: outdial suppress add +13125550101 --reason 'wrote to us'")
@click.argument("numbers", nargs=-1, required=True)
@country_option
@_why
@_hashed
def add(numbers: tuple[str, ...], *, country: str | None, reason: str, hashed: bool) -> None:
    """Let nobody call these NUMBERS any more."""
    wanted = numbers_of(numbers, country)
    with Ledger.open() as ledger:
        added = ledger.run_sync(
            suppressions.add,
            wanted,
            reason=reason,
            source="command line",
            now=SystemClock().now(),
            in_clear=not hashed,
        )
    say(f"{count(added, 'number')} added; {len(set(wanted)) - added:,} were there already.")


@command.command(
    epilog="Example: outdial suppress remove +13125550101 --by ann --reason 'signed up again'"
)
@click.argument("number")
@country_option
@decided
def remove(number: str, *, country: str | None, actor: str, reason: str) -> None:
    """Let a NUMBER be called again; who says so, and why, is kept."""
    (wanted,) = numbers_of([number], country)
    with Ledger.open() as ledger:
        if not ledger.run_sync(_remove, wanted, actor, reason):
            message = "this number is not on the do-not-call list"
            raise BadInput(message, [Fault(message, "Nothing was changed.", value=number)])
    say("The number may be called again.")


@command.command(epilog="Example: outdial suppress find +13125550101")
@click.argument("number")
@country_option
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
def find(number: str, *, country: str | None, json: bool) -> None:
    """Tell whether a NUMBER is on the list, since when and why.

    A number that is kept as a keyed hash only is found too.
    """
    (wanted,) = numbers_of([number], country)
    with Ledger.open() as ledger, ledger.reading() as db:
        known = suppressions.find(db, wanted)
    if json:
        print_json({"suppressed": known is not None} | (_as_json(known) if known else {}))
    elif known is None:
        say("This number is not on the do-not-call list: campaigns may call it.")
    else:
        kept = "in clear" if known.phone_number else "as a hash only"
        since = f"{known.since.astimezone():%Y-%m-%d %H:%M}"
        say(
            f"Nobody calls this number since {since} ({known.source}): {known.reason}; kept {kept}."
        )


@command.command("list", epilog="Example: outdial suppress list --json")
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
def list_all(*, json: bool) -> None:
    """Show the suppressed numbers, the newest first."""
    with Ledger.open() as ledger, ledger.reading() as db:
        known = list(suppressions.listing(db))
    if json:
        print_json([_as_json(one) for one in known])
    elif known:
        print_table(_COLUMNS, [_row(one) for one in known])
    else:
        tell("No number is suppressed.")


@command.command("import", epilog="Example: outdial suppress import do-not-call.csv --country US")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--phone", metavar="COLUMN", help="The column with the number; else phone_number.")
@country_option
@_why
@_hashed
@click.pass_context
def import_list(
    context: click.Context,
    file: Path,
    *,
    phone: str | None,
    country: str | None,
    reason: str,
    hashed: bool,
) -> None:
    """Let nobody call the numbers in FILE (.csv, .jsonl, .parquet, .xlsx).

    Exit code 1: some rows hold no number that can be dialled; the others are added all the same.
    """
    numbers = NumberList(file, phone, checked_country(country))
    added = 0
    with Ledger.open() as ledger:
        for chunk in numbers.chunks():
            added += ledger.run_sync(
                suppressions.add,
                chunk,
                reason=reason,
                source=file.name,
                now=SystemClock().now(),
                in_clear=not hashed,
            )
    say(
        f"{file.name}: {count(numbers.read, 'number')} read, {added:,} added,"
        f" {numbers.read - added:,} were there already, {count(len(numbers.faults), 'row')} wrong."
    )
    show_faults(numbers.faults)
    if numbers.faults:
        context.exit(NEEDS_ATTENTION if numbers.read else BAD_INPUT)
    context.exit(DONE)


def _remove(db: Connection, number: str, actor: str, reason: str) -> bool:
    removed = suppressions.remove(db, number)
    if removed:
        audit.append(
            db,
            actor=actor,
            verb="suppress remove",
            subject=NumberHash(db)(number),
            reason=reason,
            now=SystemClock().now(),
        )
    return removed


_COLUMNS = (Column("number"), Column("since"), Column("source"), Column("reason"))


def _row(one: SuppressionView) -> tuple[object, ...]:
    number = one.phone_number or f"hash {one.number_hash[:12]}"
    return number, f"{one.since.astimezone():%Y-%m-%d %H:%M}", one.source, one.reason


def _as_json(one: SuppressionView) -> dict[str, str | None]:
    return {
        "phone_number": one.phone_number,
        "number_hash": one.number_hash,
        "since": one.since.isoformat(),
        "source": one.source,
        "reason": one.reason,
    }
