"""What lists have in common: the filters by time, and the envelope of numbered pages."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from simulator.dialects.vapi.requests import Moment

_Row = TypeVar("_Row")
_MILLISECOND = 1000
"""Microseconds."""


class Query(BaseModel):
    """The manners of every query: an unknown parameter is refused; `5` and `5.0` are the same."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class TimesQuery(Query):
    """The eight filters by time. Every list has them."""

    created_at_gt: Moment | None = None
    created_at_lt: Moment | None = None
    created_at_ge: Moment | None = None
    created_at_le: Moment | None = None
    updated_at_gt: Moment | None = None
    updated_at_lt: Moment | None = None
    updated_at_ge: Moment | None = None
    updated_at_le: Moment | None = None
    limit: Annotated[float, Field(ge=0, le=1000)] = 100

    @property
    def size(self) -> int:
        """Most rows of a page."""
        return int(self.limit)

    @property
    def asks_created(self) -> bool:
        """There is a filter by creation."""
        return not self.model_fields_set.isdisjoint(_CREATED)

    @property
    def asks_updated(self) -> bool:
        """There is a filter by change."""
        return not self.model_fields_set.isdisjoint(_UPDATED)

    def created(self, moment: float) -> bool:
        """A row created at a moment passes."""
        return _within(
            moment, self.created_at_gt, self.created_at_lt, self.created_at_ge, self.created_at_le
        )

    def updated(self, moment: float) -> bool:
        """A row last changed at a moment passes."""
        return _within(
            moment, self.updated_at_gt, self.updated_at_lt, self.updated_at_ge, self.updated_at_le
        )


_CREATED = frozenset(name for name in TimesQuery.model_fields if name.startswith("created"))
_UPDATED = frozenset(name for name in TimesQuery.model_fields if name.startswith("updated"))


class CallsQuery(TimesQuery):
    """The query of `GET /call`."""

    id: str = ""
    assistant_id: str = ""
    phone_number_id: str = ""


class CampaignQuery(Query):
    """The query of `GET /v2/campaign/{id}`."""

    include_counters: bool = False


class CampaignsQuery(TimesQuery):
    """The query of `GET /v2/campaign`."""

    id: str = ""
    status: Literal["", "scheduled", "in-progress", "ended", "cancelled", "archived"] = ""
    include_counters: bool = False
    page: Annotated[float, Field(ge=1)] = 1
    sort_order: Literal["ASC", "DESC"] = "DESC"
    sort_by: Literal["createdAt", "duration", "cost"] = "createdAt"


ContactStatus = Literal[
    "contact.pending",
    "contact.dispatched",
    "contact.completed",
    "contact.failed",
    "contact.skipped",
    "contact.predial-failed",
]


class ContactsQuery(Query):
    """The query of `GET /v2/campaign/{id}/contacts`."""

    status: list[ContactStatus] = Field(default_factory=list[ContactStatus])
    limit: Annotated[float, Field(ge=1, le=1000)] = 50
    page: Annotated[float, Field(ge=1)] = 1
    sort_by: Literal["position", "status"] = "position"
    sort_order: Literal["ASC", "DESC"] = "ASC"
    """Sent by an official guide, though no schema names it."""


def milliseconds(moment: float) -> int:
    """A moment in whole milliseconds since the epoch, as `iso_utc` shows it."""
    return round(moment * 1e6) // _MILLISECOND


def _within(
    moment: float, above: float | None, below: float | None, least: float | None, most: float | None
) -> bool:
    # Rows are kept to the millisecond; bounds may be finer.
    row = milliseconds(moment) * _MILLISECOND
    return (
        (above is None or row > round(above * 1e6))
        and (below is None or row < round(below * 1e6))
        and (least is None or row >= round(least * 1e6))
        and (most is None or row <= round(most * 1e6))
    )


def numbered(
    rows: Sequence[_Row], *, page: float, size: int, more: bool = False
) -> tuple[Sequence[_Row], dict[str, Any]]:
    """A page's rows and its `metadata`; with the optional fields if `more`."""
    end = int(page) * size
    metadata: dict[str, Any] = {
        "itemsPerPage": size,
        "totalItems": len(rows),
        "currentPage": int(page),
    }
    if more:
        metadata["totalPages"] = -(-len(rows) // size) if size else 0
        metadata["hasNextPage"] = end < len(rows)
    return rows[end - size : end], metadata
