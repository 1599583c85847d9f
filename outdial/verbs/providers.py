"""`outdial providers`: what each can do, and whether the keys work."""

from dataclasses import asdict

import click

import providers
from outdial.capabilities import COLUMNS, LEGEND, as_json, markdown, rows
from outdial.failures import BAD_INPUT, DONE, NEEDS_ATTENTION
from outdial.keys import KeyCheck, check_keys
from outdial.terminal import Column, print_json, print_table, say, tell
from providers.settings import configured, key_variable


@click.group(
    invoke_without_command=True,
    epilog="Example: outdial providers check",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table for a README.")
@click.option("--json", "json", is_flag=True, help="Print all facts as JSON.")
@click.pass_context
def command(context: click.Context, *, as_markdown: bool, json: bool) -> None:
    """Show what each provider can do, or check the keys."""
    if context.invoked_subcommand is not None:
        return
    if json:
        print_json(as_json())
    elif as_markdown:
        say(markdown())
    else:
        print_table(COLUMNS, list(rows()))
        tell(LEGEND)


@command.command("check", epilog="Example: VOGENT_API_KEY=... outdial providers check vogent")
@click.argument("names", nargs=-1, type=click.Choice(providers.names()))
@click.option("--json", "json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def check_command(context: click.Context, names: tuple[str, ...], *, json: bool) -> None:
    """Ask each provider whether its key works; nothing is dialled or changed.

    Without NAMES it asks those whose key is in the environment.
    """
    chosen = names or tuple(name for name in providers.names() if configured(name))
    if not chosen:
        variables = ", ".join(map(key_variable, providers.names()))
        tell(f"No key is set. Set one of {variables}.")
        context.exit(BAD_INPUT)
    checks = check_keys(chosen)
    if json:
        print_json([asdict(check) for check in checks])
    else:
        columns = (Column("provider"), Column("key"), Column("detail"))
        print_table(columns, [(one.provider, one.verdict, _detail(one)) for one in checks])
    context.exit(exit_code(checks))


def exit_code(checks: list[KeyCheck]) -> int:
    """A missing or refused key is the user's to mend; an unreachable provider may come back."""
    verdicts = {check.verdict for check in checks}
    if verdicts & {"missing", "refused"}:
        return BAD_INPUT
    return NEEDS_ATTENTION if "unreachable" in verdicts else DONE


def _detail(check: KeyCheck) -> str:
    return "; ".join([check.detail, *check.warnings])
