"""Under which scenarios runners are killed at each point: all that can meet there, and no others.

A point is combined with every scenario in whose story a runner surely comes by it. Thus nobody is
killed while releasing what was not refused, nor while holding what is found. Faults of results are
combined with the points at which results are taken in, those of starts with the points of starts.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tests.protocol.crashes import CRASH_TABLE, PLAIN, Story
from tests.protocol.faults import LOOKUPS, scenarios

_SUBMITS: Mapping[str, Story] = {
    **{name: story for story, name in PLAIN.items()},
    "submit: reset after": Story.FOUND,
    "submit: 502 after": Story.FOUND,
    "submit: silence after": Story.FOUND,
    "submit: effect after the client left": Story.FOUND,
    "submit: yes without id": Story.FOUND,
    "submit: no word about anybody": Story.FOUND,
    "submit: not JSON": Story.FOUND,
    "submit: 503 before": Story.MISSING,
    "submit: effect after an hour": Story.MISSING,
}
_LOOKUPS = ("lag", "503")
_STARTS = (
    "start: close after",
    "start: 502 after",
    "start: 503 before",
    "start: effect after the client left",
    "start: 429, retry after seconds",
)
_PAGES = (
    "rows twice",
    "rows missing",
    "out of order",
    "rows that move on",
    "row without id",
    "cursor expired",
    "503",
    "half an answer",
    "429, retry after seconds",
    "the past",
)
_DETAILS = ("503", "half an answer", "the past")


@cache
def killed_under(name: str, api: str) -> Sequence[str]:
    """Names of the scenarios under which an API's runners are killed at a point."""
    crash, known = CRASH_TABLE[name], scenarios(api)
    told = {"": Story.CLEAR} | dict(_stories(name, api))
    return [
        fault
        for fault, story in told.items()
        if story in crash.stories and (not fault or fault in known)
    ]


def _stories(name: str, api: str) -> Iterator[tuple[str, Story]]:
    """What may go wrong around a point, and what becomes of the submits meanwhile."""
    if name.startswith("c"):
        yield from _SUBMITS.items()
        route = LOOKUPS[api][0]
        yield from ((f"lost submit, {route}: {what}", Story.FOUND) for what in _LOOKUPS)
        return
    yield from ((fault, story) for story, fault in PLAIN.items())
    if name.startswith("s"):
        yield from ((fault, Story.CLEAR) for fault in _STARTS)
        return
    route = "status" if api == "bland-v1" else "page"
    yield from ((f"{route}: {what}", Story.CLEAR) for what in _PAGES)
    if "single" in name:
        yield from ((f"detail: {what}", Story.CLEAR) for what in _DETAILS)
