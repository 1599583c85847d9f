"""Which faults are in force, and which of them happen to a request or a call.

Decided by seed and count, so that a run can be repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from random import Random
from typing import Any

from simulator.calls import Call, Order
from simulator.faults.fault import Fault, Mishap
from simulator.faults.hit import Hit
from simulator.faults.mishaps import Drop, Redial, Stick, Strange
from simulator.faults.rules import FaultPlan, Rule
from simulator.people import Plan, Reaction


@dataclass(slots=True)
class _Watched:
    rule: Rule
    matched: int = 0
    happened: int = 0
    took_effect: int = 0
    memory: dict[str, Any] = field(default_factory=dict[str, Any])

    def bite(self) -> None:
        self.took_effect += 1


class Board:
    """The rules in force, and how often each has matched, happened and made a difference."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self.load(plan or FaultPlan())

    def load(self, plan: FaultPlan) -> None:
        """Put other rules in force; all counts begin anew."""
        self.plan = plan
        self._watched = [_Watched(rule) for rule in plan.all_rules]

    def report(self) -> dict[str, Any]:
        """What `/__faults` shows."""
        rules = [
            watched.rule.model_dump(mode="json", exclude_defaults=True)
            | {
                "fault": watched.rule.fault.model_dump(mode="json"),
                "matched": watched.matched,
                "happened": watched.happened,
                "took_effect": watched.took_effect,
            }
            for watched in self._watched
        ]
        return {"seed": self.plan.seed, "mixes": list(self.plan.mixes), "rules": rules}

    def effects(self) -> list[int]:
        """How often each rule in force made a difference to what a client got."""
        return [watched.took_effect for watched in self._watched]

    def hits(self, provider: str, route: str) -> list[Hit]:
        """The faults that happen to a request, in the order of the rules."""
        return [
            Hit(watched.rule.label, watched.rule.fault, random, watched.memory, watched.bite)
            for watched, random in self._happening(provider, route)
            if isinstance(watched.rule.fault, Fault)
        ]

    def drops(self, order: Order) -> bool:
        """The provider loses the order without a word."""
        return self._befell(Drop, order.provider)

    def redials(self, call: Call) -> bool:
        """The provider rings again by itself."""
        return call.redial_of is None and self._befell(Redial, call.order.provider)

    def befalls(self, call: Call, plan: Plan) -> Plan:
        """Another course for a ring that is about to begin."""
        if self._befell(Stick, call.order.provider):
            return replace(plan, reaction=Reaction.STUCK)
        if self._befell(Strange, call.order.provider):
            return replace(plan, reaction=Reaction.STRANGE, talk_seconds=0)
        return plan

    def _befell(self, kind: type[Mishap], provider: str) -> bool:
        for watched, _ in self._happening(provider, None, kind):
            watched.bite()
            return True
        return False

    def _happening(
        self, provider: str, route: str | None, kind: type[Mishap] | None = None
    ) -> Iterator[tuple[_Watched, Random]]:
        for index, watched in enumerate(self._watched):
            rule = watched.rule
            if not rule.matches(provider, route) or (kind and not isinstance(rule.fault, kind)):
                continue
            watched.matched += 1
            name = f"{self.plan.seed}/{index}/{watched.matched}"
            if rule.nth and watched.matched not in rule.nth:
                continue
            if rule.count is not None and watched.happened >= rule.count:
                continue
            if _chance(name) < rule.probability:
                watched.happened += 1
                yield watched, Random(name)


def _chance(name: str) -> float:
    """Evenly spread over 0 to 1, and the same for the same name."""
    # Cheaper than `Random`, which is made only for what happens.
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest()) / 2**48
