"""`outdial check`: everything that can be known before the first call."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from campaign.clock import SystemClock
from campaign.errors import Fault
from campaign.redaction import shorten
from outdial.consenting import ConsentCount
from outdial.failures import BAD_INPUT, DONE, NEEDS_ATTENTION, show_faults
from outdial.keys import KeyCheck, check_keys
from outdial.loading import Loaded, load
from outdial.rehearsal import rehearse
from outdial.terminal import count, print_json, say
from store.intake.rows import Reject
from store.intake.surveying import Survey, survey


@click.command(epilog="Example: outdial check spring-renewals.yaml --offline")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--offline", is_flag=True, help="Ask no provider whether its key works.")
@click.option("--json", "json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(context: click.Context, file: Path, *, offline: bool, json: bool) -> None:
    """Validate a campaign FILE, all of its recipients, and the providers' keys.

    Nothing is dialled, imported or changed. Exit code 1: some rows would be passed over, or a
    provider cannot be reached; 2: something in the file, the list or a key is wrong.
    """
    loaded = load(file)
    consent = ConsentCount(loaded.spec, SystemClock().now())
    found = survey(loaded.spec, loaded.base_dir, meet=consent.meet)
    rehearse(loaded, found.first)
    keys = [] if offline else check_keys([share.provider for share in loaded.spec.shares])
    if json:
        print_json(_as_json(loaded, found, keys, consent))
    else:
        _print(loaded, found, keys, consent)
    show_faults([_reject_fault(found, reject) for reject in found.rejects])
    context.exit(_exit_code(found, keys))


def _exit_code(found: Survey, keys: list[KeyCheck]) -> int:
    verdicts = {key.verdict for key in keys}
    if not found.accepted or verdicts & {"missing", "refused"}:
        return BAD_INPUT
    return NEEDS_ATTENTION if found.rejected or "unreachable" in verdicts else DONE


def _print(loaded: Loaded, found: Survey, keys: list[KeyCheck], consent: ConsentCount) -> None:
    say(f"{loaded.spec.name} ({loaded.draft.source})")
    _line("list", f"{found.list_name}: {found.note}")
    _line("rows", _rows(found))
    for reason, rows in found.reasons.items():
        _line("", f"{rows:,} x {reason}")
    _line("providers", ", ".join(_shares(found)))
    if consent.says:
        _line("consent", consent.says)
    _line("first", _first(found))
    for key in keys:
        _line("key", f"{key.provider} {key.verdict}: {key.detail}")
        for warning in key.warnings:
            _line("", warning)


def _line(title: str, text: str) -> None:
    say(f"  {title:<10} {text}")


def _rows(found: Survey) -> str:
    parts = [f"{found.accepted:,} to be called"]
    if found.duplicates:
        parts.append(count(found.duplicates, "duplicate"))
    if found.rejected:
        parts.append(f"{found.rejected:,} wrong")
    return f"{found.listed:,}: {', '.join(parts)}"


def _shares(found: Survey) -> list[str]:
    total = found.accepted or 1
    return [f"{name} {rows:,} ({rows / total:.0%})" for name, rows in found.providers.items()]


def _first(found: Survey) -> str:
    if found.first is None:
        return "nobody can be called"
    said = ", ".join(f"{name}={text!r}" for name, text in found.first.variables.items())
    return (
        f"{shorten(found.first.phone_number)} by {found.first.provider}: {said or 'no variables'}"
    )


def _reject_fault(found: Survey, reject: Reject) -> Fault:
    column = found.columns.index(reject.column) + 1 if reject.column in found.columns else None
    said = f"{reject.column}: {reject.reason}" if reject.column else reject.reason
    return Fault(said, "", found.list_name, reject.row_no, column, reject.value)


def _as_json(
    loaded: Loaded, found: Survey, keys: list[KeyCheck], consent: ConsentCount
) -> dict[str, Any]:
    first = found.first
    return {
        "campaign": loaded.spec.name,
        "list": found.list_name,
        "read_as": found.note,
        "listed": found.listed,
        "accepted": found.accepted,
        "duplicates": found.duplicates,
        "rejected": found.rejected,
        "reasons": found.reasons,
        "providers": found.providers,
        "first": first
        and {"phone_number": shorten(first.phone_number), "variables": first.variables},
        "consent": {
            "column": consent.column,
            "asked": consent.asked,
            "blocked": consent.blocked,
        },
        "keys": [asdict(key) for key in keys],
    }
