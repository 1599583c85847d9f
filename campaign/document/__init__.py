"""A campaign file, from its text to the model: every fault with its place and its remedy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from campaign import template
from campaign.document.complaints import complaints
from campaign.document.nodes import Tree, compose
from campaign.errors import BadInput, Fault
from campaign.rules.hours import parse_days, parse_hours
from campaign.spec import CampaignSpec

__all__ = ["Draft", "read", "read_campaign"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign file as far as it could be understood."""

    source: str
    """The file's name, for messages."""
    tree: Tree
    spec: CampaignSpec | None
    """None if the file breaks the model."""
    faults: tuple[Fault, ...]
    """In the order of the file."""

    def sound(self, more: tuple[Fault, ...] = ()) -> CampaignSpec:
        """Return the model, or raise `BadInput` with all faults, `more` included.

        What has no source among `more` is about this file.
        """
        placed = (replace(fault, source=fault.source or self.source) for fault in more)
        faults = in_order((*self.faults, *placed))
        if faults or self.spec is None:
            raise BadInput(f"{self.source or 'the campaign file'} has faults", faults)
        return self.spec


def read_campaign(text: str, source: str = "") -> CampaignSpec:
    """Return the campaign that a YAML text describes. Raises `BadInput` with all of its faults."""
    return read(text, source).sound()


def read(text: str, source: str = "") -> Draft:
    """Understand as much of a YAML text as can be; pure, raises nothing."""
    tree = compose(text.removeprefix("\ufeff"))
    if tree.data is None and tree.faults:
        return _draft(source, tree, None, list(tree.faults))
    faults = [*tree.faults, *_templates(tree), *_hours(tree)]
    spec = None
    try:
        spec = CampaignSpec.model_validate(tree.data)
    except ValidationError as error:
        faults += complaints(error, tree)
    return _draft(source, tree, spec, faults)


def in_order(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Sort faults by their place, each once."""
    return tuple(sorted(dict.fromkeys(faults), key=_place))


def _place(fault: Fault) -> tuple[str, int, int]:
    return fault.source, fault.line or 0, fault.column or 0


def _draft(source: str, tree: Tree, spec: CampaignSpec | None, faults: list[Fault]) -> Draft:
    placed = tuple(replace(fault, source=source) for fault in faults)
    return Draft(source, tree, spec, in_order(placed))


def _hours(tree: Tree) -> Iterator[Fault]:
    """Hours and days of the week that cannot be read."""
    for window in ("default", "weekends"):
        for name, understand in (("days", parse_days), ("hours", parse_hours)):
            path = ("policy", "calling_windows", window, name)
            said = tree.value(path)
            try:
                if isinstance(said, str):
                    understand(said)
            except ValueError as error:
                yield tree.fault(path, f"{'.'.join(path)}: {error}")


def _templates(tree: Tree) -> Iterator[Fault]:
    """Variables whose text is no template."""
    for name in tree.keys(("variables",)):
        text = tree.value(("variables", name))
        if not isinstance(text, str):
            continue  # The model says so.
        try:
            template.parse(text)
        except BadInput as error:
            place = tree.place(("variables", name))
            quoted = place.value[:1] in {'"', "'"}
            for fault in error.faults:
                column = place.column + (fault.column or 1) - 1 + quoted
                yield replace(fault, line=place.line, column=column)
