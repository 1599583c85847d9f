"""The faults file: rules that say where, how often and which fault."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.dialect import RouteClass
from simulator.faults import body, connection, mishaps, paging, status, timing
from simulator.faults.fault import Fault, Mishap

AnyFault: TypeAlias = Annotated[
    timing.Latency
    | timing.Hang
    | timing.LateEffect
    | timing.ListingLag
    | timing.StaleRead
    | timing.Drip
    | connection.Close
    | connection.Truncate
    | connection.CloseAfter
    | status.Status
    | status.DateHeader
    | body.Garble
    | body.ContentType
    | body.LoseIds
    | body.WrongTypes
    | body.OddText
    | paging.DuplicateRows
    | paging.DropRows
    | paging.ShuffleRows
    | paging.MovingRows
    | paging.EmptyPage
    | paging.RowsWithoutId
    | paging.CursorExpired
    | paging.CursorIgnored
    | paging.CursorLoops
    | paging.LimitIgnored
    | paging.WrongTotal
    | mishaps.Drop
    | mishaps.Redial
    | mishaps.Stick
    | mishaps.Strange,
    Field(discriminator="kind"),
]
"""Every kind of fault."""


class Rule(BaseModel):
    """Which requests (or calls) a fault happens to.

    A request matches when provider and route do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    """Shown in the ledger; by default the kind of the fault."""
    providers: Sequence[str] = ()
    """Empty: all."""
    routes: Sequence[RouteClass] = ()
    """Empty: all. Without meaning for a fault of single calls."""
    probability: float = Field(default=1.0, ge=0, le=1)
    nth: Sequence[int] = ()
    """Only these matching ones, from 1. Empty: all."""
    count: int | None = Field(default=None, ge=1)
    """Most times that it happens; None: for ever."""
    fault: AnyFault

    @property
    def label(self) -> str:
        """What the ledger calls it."""
        return self.name or self.fault.kind

    def matches(self, provider: str, route: str | None) -> bool:
        """The rule concerns this request; `route` None: this single call."""
        if self.providers and provider not in self.providers:
            return False
        if route is None:
            return isinstance(self.fault, Mishap)
        return isinstance(self.fault, Fault) and (not self.routes or route in self.routes)


class FaultPlan(BaseModel):
    """A faults file: ready-made mixes and rules of one's own, in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    mixes: Sequence[str] = ()
    """Names of ready-made mixes: `calm`, `rough`, `hell`, `submit-doubt`."""
    rules: Sequence[Rule] = ()

    @model_validator(mode="after")
    def _known_mixes(self) -> Self:
        for name in self.mixes:
            if name not in mixes():
                raise ValueError(f"no mix {name!r}; there are {', '.join(sorted(mixes()))}")
        return self

    @property
    def all_rules(self) -> Sequence[Rule]:
        """Those of the mixes, then its own."""
        return [rule for name in self.mixes for rule in mixes()[name]] + list(self.rules)


@cache
def mixes() -> Mapping[str, Sequence[Rule]]:
    """The ready-made mixes by name."""
    folder = files("simulator") / "mixes"
    return {
        entry.name.removesuffix(".yaml"): [
            Rule.model_validate(rule) for rule in yaml.safe_load(entry.read_text("utf-8"))["rules"]
        ]
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }


def parse_plan(text: str) -> FaultPlan:
    """A plan from YAML or JSON text. Raises `ValidationError` or `yaml.YAMLError`."""
    data: Any = yaml.safe_load(text)
    return FaultPlan.model_validate({} if data is None else data)


def read_plan(path: Path) -> FaultPlan:
    """A plan from a YAML or JSON file."""
    return parse_plan(path.read_text("utf-8"))
