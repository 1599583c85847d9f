"""What a campaign file says about providers, held against what they know."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

import providers
from campaign.document.complaints import complaints
from campaign.document.keys import nearest
from campaign.document.nodes import ABSENT, Tree
from campaign.errors import Fault
from campaign.rules.phone import Phone, read_phone
from providers.settings import REFERENCE

Path = tuple[str | int, ...]

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_DIALLABLE = re.compile(r"[+(]?\d[\d\s().-]{5,}")


@dataclass(frozen=True, slots=True)
class _Share:
    """Where a file names a provider, and where the rest of that share stands."""

    provider: Any
    path: Path
    agent: Path
    numbers: Path


def semantic_faults(tree: Tree) -> Iterator[Fault]:
    """Find unknown providers, wrong agent blocks, wrong caller numbers; without the network."""
    seen: set[Fault] = set()
    for share in _shares(tree):
        for fault in _share_faults(tree, share):
            if fault not in seen:
                seen.add(fault)
                yield fault


def _shares(tree: Tree) -> Iterator[_Share]:
    said = tree.value(("provider",))
    if isinstance(said, str):
        yield _Share(said, ("provider",), ("agent",), ("from_numbers",))
    elif isinstance(said, list):
        for index in range(len(said)):  # pyright: ignore[reportUnknownArgumentType]
            at: Path = ("provider", index)
            yield _Share(
                tree.value((*at, "provider")),
                (*at, "provider"),
                _own_or_shared(tree, at, "agent"),
                _own_or_shared(tree, at, "from_numbers"),
            )


def _own_or_shared(tree: Tree, at: Path, name: str) -> Path:
    own = tree.value((*at, name))
    return (name,) if own is ABSENT or own is None else (*at, name)


def _share_faults(tree: Tree, share: _Share) -> Iterator[Fault]:
    if not isinstance(share.provider, str):
        return  # The model says so.
    yield from _unset(tree, share.agent)
    yield from _unset(tree, share.numbers)
    yield from _number_faults(tree, share.numbers)
    if share.provider in providers.names():
        yield from _agent_faults(tree, share, providers.adapter(share.provider).Agent)
        return
    near = nearest(share.provider, providers.names())
    known = ", ".join(providers.names())
    remedy = f"Was {near!r} meant?" if near else f"Known are {known}."
    yield tree.fault(share.path, f"there is no provider {share.provider!r}", remedy)


def _agent_faults(tree: Tree, share: _Share, model: type[BaseModel]) -> Iterator[Fault]:
    block = tree.value(share.agent)
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    if block is ABSENT and required:
        example = ", ".join(f"{name}: ..." for name in required)
        message = f"{share.provider} needs an agent block"
        yield tree.fault(share.path, message, f"Add `agent: {{{example}}}`.")
        return
    try:
        model.model_validate({} if block is ABSENT else _set_only(block))
    except ValidationError as error:
        yield from complaints(error, tree, model=model, at=share.agent)


def _set_only(block: Any) -> Any:
    """Take the references for texts: what they stand for is known when the campaign runs."""
    if isinstance(block, dict):
        return {name: _set_only(value) for name, value in block.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(block, list):
        return [_set_only(value) for value in block]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(block, str) and block.startswith(REFERENCE):
        return os.environ.get(block.removeprefix(REFERENCE).strip(), block)
    return block


def _unset(tree: Tree, path: Path) -> Iterator[Fault]:
    """References to environment variables that are not set."""
    for at, text in _texts(tree.value(path), path):
        name = text.removeprefix(REFERENCE).strip()
        if text.startswith(REFERENCE) and not os.environ.get(name, "").strip():
            yield tree.fault(at, f"the environment variable {name} is not set", f"Set {name}.")


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(inner, (*path, str(name)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for index, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            yield from _texts(inner, (*path, index))


def _number_faults(tree: Tree, path: Path) -> Iterator[Fault]:
    """Caller numbers: ids of the provider, references, or E.164."""
    for at, text in _texts(tree.value(path), path):
        if text.startswith(REFERENCE):
            continue
        if not text.strip() or text != text.strip():
            yield tree.fault(at, "a caller number is empty or has blanks around it", "Remove them.")
        elif _DIALLABLE.fullmatch(text) and not _E164.fullmatch(text):
            yield from _form_fault(tree, at, text)


def _form_fault(tree: Tree, at: Sequence[str | int], text: str) -> Iterator[Fault]:
    number = read_phone(text, "US")
    remedy = f"Write {number.e164}." if isinstance(number, Phone) else "Write it as +13125550100."
    yield tree.fault(at, "a caller number is written in E.164", remedy)
