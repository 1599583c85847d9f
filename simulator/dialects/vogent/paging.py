"""Cursor pages: opaque cursors that name the last row shown, so that rows may come and go."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from simulator.dialects.vogent.bodies import PageQuery
from simulator.dialects.vogent.settings import VogentSettings
from simulator.dialects.vogent.workspace import refused

_Item = TypeVar("_Item")
Place: TypeAlias = tuple[float, int]
"""Where an item stands in its list: a moment, and a number that tells equal moments apart."""


def page(
    items: Sequence[_Item],
    query: PageQuery,
    settings: VogentSettings,
    place: Callable[[_Item], Place],
) -> tuple[list[_Item], str | None]:
    """One page of items in ascending order of `place`, and the cursor of the next.

    Refused when the cursor is none of ours.
    """
    last = None if query.cursor is None else _decode(query.cursor)
    limit = min(query.limit or settings.default_limit, settings.max_limit)
    if settings.order == "newest":
        end = len(items) if last is None else bisect_left(items, last, key=place)
        shown, left = list(items[max(0, end - limit) : end])[::-1], end
    else:
        start = 0 if last is None else bisect_right(items, last, key=place)
        shown, left = list(items[start : start + limit]), len(items) - start
    full = len(shown) == limit if settings.empty_last_page else left > limit
    return shown, _encode(place(shown[-1])) if shown and full else None


def _encode(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decode(cursor: str) -> Place:
    try:
        place: Any = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return float(place[0]), int(place[1])
    except (ValueError, TypeError, LookupError):
        raise refused(400, "cursor: not one that this API has given.") from None
