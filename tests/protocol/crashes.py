"""The protocol's table of crashes: where a runner is killed, and under what it comes by there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.flows.campaigns import APIS


class Story(StrEnum):
    """What becomes of the first submits."""

    CLEAR = "they are accepted"
    THROTTLED = "they are refused for now"
    FOUND = "they are in doubt, and found"
    MISSING = "they are in doubt, and not found for long"


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the way of a runner: the `nth` time that it comes by."""

    name: str
    nth: int = 1


ALWAYS = frozenset(Story)
_YES = frozenset({Story.CLEAR, Story.THROTTLED})
_PLACED = _YES | {Story.FOUND}
_DOUBT = frozenset({Story.FOUND, Story.MISSING})


@dataclass(frozen=True, slots=True)
class Crash:
    """A row of the table."""

    point: Point
    stories: frozenset[Story] = ALWAYS
    """In which a runner surely comes by."""
    apis: tuple[str, ...] = tuple(APIS)
    """Whose runners come by."""

    @property
    def under(self) -> str:
        """A scenario in which a runner surely comes by."""
        return next(name for story, name in PLAIN.items() if story in self.stories)


PLAIN: Mapping[Story, str] = {
    Story.CLEAR: "",
    Story.THROTTLED: "submit: 429, retry after seconds",
    Story.FOUND: "submit: close after",
    Story.MISSING: "submit: close before",
}
"""The plainest scenario of each story."""

_TWO_PHASE = ("vogent",)
_ONE_PHASE = tuple(api for api in APIS if api not in _TWO_PHASE)
_DETAILED = ("vogent", "bland", "bland-v1", "happyrobot", "vapi")
"""Who reads single calls in a step of its own. Vocode's are read with their page: see `r1`."""

CRASH_TABLE: Mapping[str, Crash] = {
    "c1 after the import, before the plan": Crash(Point("after finish_import")),
    "c2 inside the plan": Crash(Point("inside plan_batch")),
    "c3 after the plan": Crash(Point("after plan_batch")),
    "c4 inside the claim": Crash(Point("inside claim")),
    "c5 after the claim, before connecting": Crash(Point("after claim")),
    "c6 connected, before the wire mark": Crash(Point("before mark_wire")),
    "c6b after the wire mark, before the first byte": Crash(Point("after mark_wire")),
    "c7 the head is written": Crash(Point("headers sent")),
    "c7 the request is written": Crash(Point("body sent")),
    "c8 the answer is in memory": Crash(Point("got submit"), _YES),
    "c8b inside the yes": Crash(Point("inside accept"), _YES),
    "c8b inside the release": Crash(Point("inside release not_done"), frozenset({Story.THROTTLED})),
    "c8b inside the doubt": Crash(Point("inside doubt"), _DOUBT),
    "c8c after the yes": Crash(Point("after accept"), _YES),
    "c8c after the release": Crash(Point("after release not_done"), frozenset({Story.THROTTLED})),
    "c9 after the doubt": Crash(Point("after doubt"), _DOUBT),
    "c10 what was looked up is in memory": Crash(Point("got find"), _DOUBT),
    "c10 inside the adoption": Crash(Point("inside adopt"), frozenset({Story.FOUND})),
    "c11 after the adoption": Crash(Point("after adopt"), frozenset({Story.FOUND})),
    "c11 inside the hold": Crash(Point("inside hold"), frozenset({Story.MISSING}), _ONE_PHASE),
    "c12 after it was planned again": Crash(
        Point("after plan_again"), frozenset({Story.MISSING}), _TWO_PHASE
    ),
    "s1 connected, before the start's mark": Crash(Point("before mark_start"), apis=_TWO_PHASE),
    "s2 inside the start's mark": Crash(Point("inside mark_start"), apis=_TWO_PHASE),
    "s3 after the start's mark": Crash(Point("after mark_start"), apis=_TWO_PHASE),
    "s4 the start is written": Crash(Point("body sent", 2), _PLACED, apis=_TWO_PHASE),
    "s5 the start's answer is in memory": Crash(Point("got start"), apis=_TWO_PHASE),
    "s6 after the start": Crash(Point("after started"), apis=_TWO_PHASE),
    "r1 a page is in memory": Crash(Point("got page"), _PLACED),
    "r2 inside the page": Crash(Point("inside save_page"), _PLACED),
    "r2 inside a later page": Crash(Point("inside save_page", 4), _PLACED),
    "r3 after the page": Crash(Point("after save_page"), _PLACED),
    "r4 a single call is in memory": Crash(Point("got detail"), _PLACED, _DETAILED),
    "r5 inside a single read": Crash(Point("inside save_detail"), _PLACED, _DETAILED),
    "r6 inside the settlement": Crash(Point("inside settle", 3), _PLACED),
}
"""By the name of the point: `c` of submits, `s` of starts (the second phase), `r` of results."""
