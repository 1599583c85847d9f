"""Who decides what a verb does, and why: the two options of every decision that is kept."""

import getpass
import sys
from collections.abc import Callable
from typing import Any

import click

from campaign.errors import BadInput, Fault

_Command = Callable[..., Any]


def decided(command: _Command) -> _Command:
    """Add `--by` and `--reason`, both required, to a command: it takes `actor` and `reason`."""
    return _by(required=True)(_reason(required=True)(command))


def steered(command: _Command) -> _Command:
    """Add both, by default whoever is logged in and no reason: in a hurry nobody is asked."""
    return _by(default=_user)(_reason(default="no reason given")(command))


def asked(command: _Command) -> _Command:
    """Add both, neither required: the command hands them to `ask_for_missing`."""
    return _by(default=None)(_reason(default=None)(command))


def ask_for_missing(actor: str | None, reason: str | None) -> tuple[str, str]:
    """Ask the terminal who decides and why, unless it was said. Raises `BadInput` without one."""
    return _ask("--by", "Who decides", actor), _ask("--reason", "Why", reason)


def _ask(option: str, question: str, said: str | None) -> str:
    if said is not None:
        return said
    if not sys.stdin.isatty():
        message = f"{option} is missing"
        raise BadInput(message, [Fault(message, "The audit keeps who decided, and why.")])
    # Asks again until something is said; on stderr, as the receipt goes to stdout.
    answer: str = click.prompt(question, value_proc=_something, err=True)
    return answer


def _something(text: str) -> str:
    if not text.strip():
        raise click.UsageError("say something: the audit keeps it")
    return text.strip()


def _by(**settings: Any) -> Callable[[_Command], _Command]:
    said = "Who decides; kept in the audit."
    return click.option("--by", "actor", metavar="NAME", callback=_given, help=said, **settings)


def _reason(**settings: Any) -> Callable[[_Command], _Command]:
    said = "Why; kept in the audit."
    return click.option("--reason", metavar="TEXT", callback=_given, help=said, **settings)


def _given(_context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    if not text.strip():
        message = f"{option.opts[0]} is empty"
        raise BadInput(message, [Fault(message, "The audit keeps who decided, and why.")])
    return text.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the user may have no name.
        return "unknown"
