"""A campaign file from the disk, checked as far as can be without asking anybody."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import providers
from campaign.document import Draft, read
from campaign.errors import BadInput, Fault
from campaign.spec import CampaignSpec
from outdial.capabilities import of_campaign
from outdial.semantics import semantic_faults
from store.intake.opening import open_source
from store.intake.recipe import missing_columns

_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """A campaign file in which nothing is wrong."""

    spec: CampaignSpec
    base_dir: Path
    """Where relative paths in it start."""
    draft: Draft


def load(path: Path) -> Loaded:
    """Read a campaign file, and the header of its list. Raises `BadInput` with everything wrong."""
    draft = read(text_of(path, "campaign file"), path.name)
    folder = path.absolute().parent
    faults = [*semantic_faults(draft.tree)]
    spec = draft.spec
    if spec is not None:
        faults += _list_faults(draft, spec, folder)
        faults += _cost_faults(draft, spec)
    return Loaded(draft.sound(tuple(faults)), folder, draft)


def _list_faults(draft: Draft, spec: CampaignSpec, folder: Path) -> Iterator[Fault]:
    try:
        with open_source(spec.recipients, folder) as source:
            for missing in missing_columns(spec, source.columns, source.name):
                yield draft.tree.fault(missing.path, missing.message, missing.remedy)
    except BadInput as error:
        for fault in error.faults:
            # What has no place of its own is wrong where the campaign file names the list.
            at = draft.tree.fault(_naming(fault), fault.message, fault.remedy)
            yield fault if fault.line else replace(at, value=fault.value or at.value)


def _cost_faults(draft: Draft, spec: CampaignSpec) -> Iterator[Fault]:
    """A budget is no limit where nothing tells what a call costs."""
    limits = spec.limits
    if limits.budget_usd is None or limits.cost_per_call_usd is not None:
        return
    silent = [
        share.provider
        for share in spec.shares
        if share.provider in providers.names()
        and of_campaign(spec, share.provider).cost_from == "none"
    ]
    if silent:
        message = f"{' and '.join(silent)} does not tell what a call costs"
        remedy = "Add what you reckon with, such as `cost_per_call_usd: 0.15`."
        yield draft.tree.fault(("limits", "budget_usd"), message, remedy)


def _naming(fault: Fault) -> tuple[str, str]:
    if fault.source == "query":
        return "recipients", "query"
    return "recipients", "sheet" if "sheet" in fault.message else "source"


def text_of(path: Path, what: str) -> str:
    """Read a small UTF-8 file. Raises `BadInput`."""
    name = path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, what) from None
    if len(content) > _MAX_BYTES:
        message = f"the file is far too large for a {what}"
        raise BadInput(message, [Fault(message, "Is it the list of people?", name)])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(message, [Fault(message, "Save the file as UTF-8.", name, line)]) from None


def _unreadable(path: Path, error: OSError, what: str) -> BadInput:
    if isinstance(error, FileNotFoundError):
        folder = path.parent
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        near = get_close_matches(path.name, names, n=1, cutoff=0.5)
        remedy = f"Was {near[0]!r} meant?" if near else "Check the path."
        message = f"there is no such {what}"
    elif isinstance(error, IsADirectoryError):
        message, remedy = "this is a folder", f"Name the {what} in it."
    else:
        message = f"the file cannot be read ({error.strerror})"
        remedy = "Give this user the right to read it."
    return BadInput(message, [Fault(message, remedy, str(path))])
