"""Errors as a person can act on them, and the exit code that goes with each."""

from collections.abc import Sequence
from typing import cast

from rich.console import Console
from rich.text import Text

from campaign.errors import (
    BadInput,
    Fault,
    LedgerError,
    LedgerUnavailable,
    OutdialError,
    ProviderError,
    Unauthorized,
    Unsupported,
)
from campaign.redaction import redact
from outdial.terminal import stderr

DONE, NEEDS_ATTENTION, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

_SHOWN = 40


def show(error: BaseException) -> int:
    """Print an error on stderr and return the exit code."""
    console = stderr()
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return max(map(show, _different(group)))
    if isinstance(error, BadInput):
        show_faults(error.faults, console)
        return BAD_INPUT
    if isinstance(error, ProviderError):
        said = f" The provider says: {error.reason}" if error.reason else ""
        _print(console, "", f"{_sentence(str(error))}{said}", "")
    elif isinstance(error, OutdialError):
        _print(console, "", _sentence(str(error)), "")
    else:
        what = f"outdial has failed ({type(error).__name__}: {redact(str(error))})."
        _print(console, "", what, "`outdial --debug ...` shows where.")
    if isinstance(error, LedgerUnavailable):
        return NEEDS_ATTENTION
    wrong = isinstance(error, (LedgerError, Unauthorized, Unsupported))
    return BAD_INPUT if wrong else NEEDS_ATTENTION


def _different(error: BaseException) -> list[BaseException]:
    """The errors of a group, of groups in it too; what befell ten batches alike is told once."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    group = cast("BaseExceptionGroup[BaseException]", error)
    flat = [one for inner in group.exceptions for one in _different(inner)]
    return list({(type(one), str(one)): one for one in flat}.values())


def show_faults(faults: Sequence[Fault], console: Console | None = None) -> None:
    """Print what is wrong, one fault a line: `people.csv:17:3: message. remedy`."""
    console = console or stderr()
    for fault in faults[:_SHOWN]:
        place = ":".join(str(part) for part in (fault.source, fault.line, fault.column) if part)
        said = f" (got {fault.value!r})" if fault.value else ""
        _print(console, place, f"{fault.message}{said}.", fault.remedy)
    if len(faults) > _SHOWN:
        _print(console, "", f"... and {len(faults) - _SHOWN} more.", "")


def _print(console: Console, place: str, message: str, remedy: str) -> None:
    line = Text()
    if place:
        line.append(f"{place}: ", style="bold")
    line.append(_plain(message), style="red")
    if remedy:
        line.append(f" {_plain(remedy)}")
    console.print(line, soft_wrap=True)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _plain(text: str) -> str:
    """Without the control characters that a provider or a file could send to the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
