"""Walk through `GET /call`, which knows no pages, without losing a call.

The list is the newest first and holds at most a thousand. The next part is asked for by the time of
the oldest call so far, that time included, because several calls may share a millisecond; what was
seen at that time is left out.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from campaign.errors import Unreadable
from providers.http import Http
from providers.moments import moment
from providers.paging import as_cursor, identity, resume

_MOST = 1000


class CallFilter(BaseModel):
    """Every filter of `GET /call` (docs.vapi.ai/api-reference/calls/list)."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True
    )

    id: str | None = None
    assistant_id: str | None = None
    phone_number_id: str | None = None
    limit: int = Field(default=100, ge=1, le=_MOST)
    """Calls at a time. Each comes with its whole transcript."""
    created_at_gt: AwareDatetime | None = None
    created_at_lt: AwareDatetime | None = None
    created_at_ge: AwareDatetime | None = None
    created_at_le: AwareDatetime | None = None
    updated_at_gt: AwareDatetime | None = None
    updated_at_lt: AwareDatetime | None = None
    updated_at_ge: AwareDatetime | None = None
    updated_at_le: AwareDatetime | None = None

    @property
    def query(self) -> dict[str, Any]:
        """As it is sent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class _Place(msgspec.Struct):
    size: int
    upper: str | None = None
    """Created no later: the oldest time so far, as it was received."""
    seen: list[str] = []
    """Identities of the calls seen at that time."""


class _Stamp(msgspec.Struct, rename="camel"):
    created_at: str | None = None


async def step(
    http: Http, only: CallFilter, cursor: str | None = None
) -> tuple[list[msgspec.Raw], str | None]:
    """Return the next calls and the cursor to go on with; None at the end.

    Raises `Unreadable` if the list cannot be walked: its order is not the known one, or it holds
    more calls of one millisecond than it gives at a time.
    """
    here = resume(cursor, _Place(only.limit))
    query = only.query | {"limit": here.size}
    if here.upper is not None:
        query["createdAtLe"] = here.upper
    rows = (await http.get("/call", query)).json(list[msgspec.Raw])
    fresh = [row for row in rows if identity(row) not in here.seen]
    if len(rows) < here.size:
        return fresh, None
    return fresh, as_cursor(_onward(here, rows) if fresh else _wider(here))


async def every_call(http: Http, only: CallFilter) -> AsyncIterator[msgspec.Raw]:
    """Walk to the end."""
    cursor: str | None = None
    while True:
        rows, cursor = await step(http, only, cursor)
        for row in rows:
            yield row
        if cursor is None:
            return


def _onward(here: _Place, rows: list[msgspec.Raw]) -> _Place:
    times = [(text, at) for text in map(_created, rows) if text and (at := moment(text))]
    if not times:
        raise Unreadable("no call of a full list has a time: there is no way to go on")
    moments = [at for _, at in times]
    if moments != sorted(moments, reverse=True):
        raise Unreadable("the calls are not listed from the newest to the oldest any more")
    bound = moment(here.upper)
    if bound is not None and moments[0] > bound:
        raise Unreadable("the list ignores our place in it")
    upper, oldest = times[-1]
    seen = [identity(row) for row in rows if _at(row) in {oldest, None}]
    still = bound == oldest
    return _Place(here.size, upper, sorted({*seen, *here.seen} if still else set(seen)))


def _wider(here: _Place) -> _Place:
    if here.size >= _MOST:
        raise Unreadable("more calls in one millisecond than the list gives at a time")
    return _Place(min(_MOST, 2 * here.size), here.upper, here.seen)


def _created(row: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(row, type=_Stamp).created_at
    except (ValueError, RecursionError):
        return None


def _at(row: msgspec.Raw) -> datetime | None:
    return moment(_created(row))
