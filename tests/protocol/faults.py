"""The catalogue of what can go wrong with each API, by what a request is for.

Nothing is listed that cannot make a difference: each rule of a scenario has to take effect at
least once in a run, which `tests.protocol.outcomes` and `test_faults` see to. So a fault of cursors
comes with pages of one row, as otherwise nobody would ask for a second one, and what an API's
lists do not have, such as a total, is not falsified.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

from simulator.dialect import RouteClass
from simulator.faults.connection import Close
from simulator.faults.mishaps import Drop, Redial, Stick, Strange
from simulator.faults.paging import DuplicateRows, LimitIgnored
from simulator.faults.rules import AnyFault, Rule
from simulator.faults.status import DateHeader
from simulator.faults.timing import Hang
from tests.protocol import troubles
from tests.protocol.troubles import Troubles

QUICK = timedelta(seconds=0.25)
"""How long an answer is waited for where the simulator never gives one."""
USUAL = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing that goes wrong, and where."""

    name: str
    rules: Sequence[Rule] = ()
    patience: timedelta = USUAL
    switches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Of the simulator's dialects: what the provider's documents leave open, the other way."""

    def __str__(self) -> str:
        return self.name


Kinds: TypeAlias = Sequence[Callable[[], Troubles]]

_ROWS: Kinds = (troubles.of_rows,)
_PAGES: Kinds = (*_ROWS, troubles.of_places, troubles.of_later_pages, troubles.of_limits)
_GIVEN: Kinds = (troubles.of_given_cursors,)
_TOTALS: Kinds = (troubles.of_totals,)
_TEXTS: Kinds = (troubles.of_texts,)
_PAST: Kinds = (troubles.of_moments,)
_LAG: Kinds = (troubles.of_new_rows,)

READS: Mapping[str, Mapping[RouteClass, Kinds]] = {
    "vogent": {
        "status": _PAST,
        "page": (*_PAGES, *_GIVEN, *_TEXTS, *_PAST, *_LAG),
        "detail": (*_TEXTS, *_PAST),
    },
    "bland": {
        "status": (*_ROWS, troubles.of_places, troubles.of_limits, *_TEXTS, *_PAST),
        "page": (*_PAGES, *_TOTALS, *_PAST, *_LAG),
        "detail": (*_TEXTS, *_PAST, *_LAG),
    },
    "bland-v1": {
        "status": (*_ROWS, *_TEXTS, *_PAST, *_LAG),
        "detail": (*_TEXTS, *_PAST, *_LAG),
    },
    "happyrobot": {
        "page": (*_PAGES, *_TOTALS, *_TEXTS, *_PAST, *_LAG),
        "detail": (*_TEXTS, *_PAST),
    },
    "vapi": {
        "status": _PAST,
        "page": (*_PAGES, *_TOTALS, *_PAST),
        "detail": (*_TEXTS, *_PAST),
    },
    # A second page would need more calls than a hundred: `tests/providers` has them.
    "vapi-call": {"page": (*_ROWS, troubles.of_limits, *_TEXTS, *_PAST, *_LAG)},
    "vocode": {
        "page": (*_PAGES, *_GIVEN, *_TOTALS, *_TEXTS, *_PAST),
        "detail": (*_TEXTS, *_PAST),
    },
}
"""Which reads each API is asked for, and what is in their answers that can go wrong.

Bland's first generation shows a batch and its calls in one, which is called a `status`.
"""

LOOKUPS: Mapping[str, tuple[RouteClass, Kinds]] = {
    "vogent": ("list", (*_ROWS, troubles.of_places, troubles.of_later_pages, *_GIVEN)),
    "bland": ("list", (*_ROWS, troubles.of_places, troubles.of_later_pages)),
    "bland-v1": ("list", (*_ROWS, troubles.of_places)),
    "happyrobot": ("page", (*_PAGES, *_TOTALS)),
    "vapi": ("list", (*_PAGES, *_TOTALS, *_PAST)),
    "vapi-call": ("page", _ROWS),
    "vocode": ("page", (*_PAGES, *_GIVEN, *_TOTALS)),
}
"""Where each API is asked for a submission of which nobody knows what became."""


@cache
def scenarios(api: str) -> Mapping[str, Scenario]:
    """Everything that can go wrong with one provider's API, by name."""
    found = [
        *_on_writes("submit", troubles.of_writes()),
        *_on_writes("submit", _of_answers(api)),
        *(_on_writes("start", troubles.of_writes()) if api == "vogent" else ()),
        *_on_looking_up(api),
        *_on_reads(api),
        *_with_single_calls(),
        *_with_the_clock(),
        *_with_habits(api),
    ]
    return {scenario.name: scenario for scenario in found}


SHORT_PAGES = "short pages"
_TWICE: dict[str, Any] = {"count": 2}
_OFTEN: dict[str, Any] = {"nth": (1, 2, 3, 5, 6, 8, 12, 13)}
"""At first, and again when everybody thinks that it is over."""
_LOST = Rule(name="close", routes=["submit"], count=2, fault=Close(when="after"))


def _on_writes(route: RouteClass, wrong: Troubles) -> Iterator[Scenario]:
    for name, fault in wrong:
        # The judges know by this name that such an answer, though a 200, says nothing.
        label = "lose_ids" if name.startswith("an error under 200") else ""
        yield Scenario(
            name=f"{route}: {name}",
            rules=[Rule(name=label, routes=[route], fault=fault, **_TWICE)],
            patience=_patience(fault),
        )


def _of_answers(api: str) -> Troubles:
    return troubles.of_verdicts() if api == "happyrobot" else troubles.of_ids()


def _on_looking_up(api: str) -> Iterator[Scenario]:
    """A lost answer to a submit, and a look-up in trouble."""
    route, kinds = LOOKUPS[api]
    for name, fault in chain(troubles.of_lookups(), *(kind() for kind in kinds)):
        yield Scenario(
            name=f"lost submit, {route}: {name}",
            rules=[_LOST, *_short_pages(route, fault), _often(route, fault)],
            patience=_patience(fault),
        )


def _on_reads(api: str) -> Iterator[Scenario]:
    for route, kinds in READS[api].items():
        for name, fault in chain(troubles.of_reads(), *(kind() for kind in kinds)):
            yield Scenario(
                name=f"{route}: {name}",
                rules=[*_short_pages(route, fault), _often(route, fault)],
                patience=_patience(fault),
            )


def _often(route: RouteClass, fault: AnyFault) -> Rule:
    return Rule(routes=[route], fault=fault, **_OFTEN)


def _short_pages(route: RouteClass, fault: AnyFault) -> Iterator[Rule]:
    of_pages = isinstance(fault, DuplicateRows) and fault.of == "page_before"
    if of_pages or fault.kind.startswith("cursor"):
        yield Rule(name=SHORT_PAGES, routes=[route], fault=LimitIgnored(limit=1))


def _patience(fault: AnyFault) -> timedelta:
    return QUICK if isinstance(fault, Hang) else USUAL


def _with_single_calls() -> Iterator[Scenario]:
    mishaps: Mapping[str, AnyFault] = {
        "lost by the provider": Drop(),
        "dialled again by the provider": Redial(),
        "never ends": Stick(),
        "ends with an unknown word": Strange(),
    }
    for name, mishap in mishaps.items():
        yield Scenario(name=f"call {name}", rules=[Rule(fault=mishap, **_TWICE)])


def _with_the_clock() -> Iterator[Scenario]:
    """Nobody knows whose hours hold, so nothing may be sent until they agree again."""
    for name, seconds in (("ten minutes ahead", 600), ("ten minutes behind", -600)):
        yield Scenario(
            name=f"clock: {name}", rules=[Rule(count=3, fault=DateHeader(seconds=seconds))]
        )


def _with_habits(api: str) -> Iterator[Scenario]:
    """What a provider may do, as its documents do not say that it does not."""
    for name, switches in _HABITS.get(api, {}).items():
        yield Scenario(name=f"habit: {name}", switches={api.partition("-")[0]: switches})


_HABITS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "vogent": {
        "over when dialled": {"complete_when": "dialled"},
        "over before it is listed": {"complete_when": "dialled", "listing_delay": 90},
        "newest first": {"order": "newest"},
        "in the order of dialling": {"order": "created"},
        "one more page, empty": {"empty_last_page": True, "max_limit": 1},
        "as little as it may say": {"sparse": True},
    },
    "bland": {
        "over when dialled": {"complete_at": "dispatch"},
        "oldest first": {"newest_first": False},
        "all fields in lists": {"list_fields": "full"},
    },
    "bland-v1": {"oldest first": {"newest_first": False}},
}
