"""The command `outdial`: one verb a module, loaded only when it is used."""

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

import click

from campaign import redaction
from outdial.failures import INTERRUPTED, show
from outdial.terminal import tell

VERBS: Mapping[str, str] = {
    "demo": "Run an example campaign over all five providers, simulated; needs no set-up.",
    "check": "Validate a campaign file, its recipients and the providers' keys.",
    "plan": "Show who would be called, when and by whom, and why others would not.",
    "run": "Run a campaign to its end, or go on with it.",
    "status": "Show the campaigns, or how one of them stands.",
    "pause": "Send nothing more for a campaign, or for all.",
    "resume": "Undo a pause.",
    "cancel": "End a campaign before its time, and stop what can be stopped.",
    "explain": "Tell why a person is called, or is not.",
    "held": "Settle what a provider may or may not have taken.",
    "incident": "Answer for what must not happen and did.",
    "suppress": "Keep the do-not-call list over all campaigns.",
    "erase": "Remove a person everywhere, and keep proof of it.",
    "export": "Write a campaign's calls or recipients to a file.",
    "report": "Draw a page on how a campaign went, and how the providers compare.",
    "providers": "Show what each provider can do, or check the keys.",
    "webhooks": "Receive the providers' messages, and look sooner.",
    "simulate": "Serve all five providers' APIs over a simulated telephone network.",
}
"""The verbs, in the order of `outdial --help`, each with its module in `outdial.verbs`."""

_DATABASE = "OUTDIAL_DATABASE_URL"


def _use_database(_context: click.Context, _option: click.Parameter, url: str | None) -> None:
    """Hand the choice to everything that opens the ledger, in this process and in its children."""
    if url is not None:
        os.environ[_DATABASE] = url


database_option = click.Option(
    ["--database-url"],
    metavar="URL",
    callback=_use_database,
    expose_value=False,
    help="SQLAlchemy URL of the ledger; else OUTDIAL_DATABASE_URL, else a SQLite file of yours.",
)
_debug_option = click.Option(["--debug"], is_flag=True, help="Show where an error comes from.")


class Verbs(click.Group):
    """The verbs. Whatever outdial raises becomes a message and an exit code here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module of one verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"outdial.verbs.{cmd_name}").command
        for each in (command, *getattr(command, "commands", {}).values()):
            if database_option not in each.params:
                each.params.append(database_option)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without loading them: some take seconds."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb."""
        redaction.install()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            tell("Interrupted.")
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.params["debug"]:
                raise
            ctx.exit(show(error))


@click.command(cls=Verbs, params=[database_option, _debug_option])
@click.version_option(version("outdial"), prog_name="outdial")
def cli(*, debug: bool) -> None:
    """Run outbound AI-phone-call campaigns over five voice providers.

    Begin with `outdial demo`; it needs no account, no key and no set-up.

    Exit codes: 0 done, 1 needs attention, 2 bad input.
    """
    del debug


def main() -> None:
    """Run the command line."""
    cli(prog_name="outdial")
