"""Which keys a campaign file knows, where each belongs, and which one was probably meant."""

import difflib
import functools
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from campaign.spec import CampaignSpec

Path = tuple[str, ...]
"""Names from the top of the file; `[]` stands for each item of a list."""

_SECRET = re.compile(r"api_?key|token|secret|password|authorization|bearer", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """A key of this name would hold a secret, whose place is the environment."""
    return _SECRET.search(name) is not None


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return what was probably meant; `likeness` is between 0 and 1."""
    plain = {_plain(one): one for one in known}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=likeness)
    return plain[near[0]] if near else None


def remedy(path: Sequence[str | int], model: type[BaseModel] = CampaignSpec) -> str:
    """Say what to do about an unknown key: where it belongs, or which one is nearest."""
    here = tuple("[]" if isinstance(part, int) else part for part in path[:-1])
    name = str(path[-1])
    known = _known(model)
    siblings = known.get(here, ())
    elsewhere = [(*place, name) for place, names in known.items() if name in names]
    if elsewhere:
        return f"It belongs in {' or '.join(_shown(place) for place in elsewhere)}."
    near = nearest(name, siblings)
    if near is not None:
        return f"Was {near!r} meant?"
    far = nearest(name, (one for names in known.values() for one in names), likeness=0.8)
    if far is not None:
        places = [(*place, far) for place, names in known.items() if far in names]
        return f"Was {_shown(places[0])!r} meant?"
    return f"Known here: {', '.join(siblings)}." if siblings else ""


@functools.cache
def _known(model: type[BaseModel]) -> Mapping[Path, tuple[str, ...]]:
    """The keys of every level of the file."""
    return dict(_levels((), model))


def _levels(path: Path, model: type[BaseModel]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    yield path, tuple(model.model_fields)
    for name, field in model.model_fields.items():
        for inner, place in _models(field, (*path, name)):
            yield from _levels(place, inner)


def _models(field: FieldInfo, path: Path) -> Iterator[tuple[type[BaseModel], Path]]:
    return _inside(field.annotation, path)


def _inside(kind: object, path: Path) -> Iterator[tuple[type[BaseModel], Path]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, path
        return
    origin = typing.get_origin(kind)
    below = (*path, "[]") if origin is list else path
    if origin in {list, typing.Union, types.UnionType, typing.Annotated}:
        for part in typing.get_args(kind):
            yield from _inside(part, below)


def _shown(path: Path) -> str:
    return ".".join(path).replace(".[]", "[]")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
