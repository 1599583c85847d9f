"""Campaigns and pages as `/v2/campaign` sends them, as far as we read them."""

from dataclasses import replace
from typing import Any

import msgspec

from campaign.calls import BatchStatus
from campaign.words import Progress
from providers.vapi.wire import Id
from providers.vapi.words import STATES

PAGE_LIMIT = 1000


class _Counters(msgspec.Struct, rename="camel"):
    pending: float | None = None
    dispatched: float | None = None
    completed: float | None = None
    failed: float | None = None
    skipped: float | None = None
    predial_failed: float | None = None

    @property
    def total(self) -> int:
        return int(sum(getattr(self, name) or 0 for name in self.__struct_fields__))


class Campaign(msgspec.Struct, rename="camel"):
    """A campaign without its contacts."""

    id: Id
    name: str | None = None
    status: str | None = None
    created_at: Any = None
    contact_counters: _Counters | None = None

    @property
    def progress(self) -> Progress:
        """How far it is; a state never seen before is unknown."""
        return STATES.get(self.status or "", Progress.UNKNOWN)

    @property
    def tag(self) -> str:
        """What stands at the end of its name: our tag, if it is one of ours."""
        return (self.name or "").rpartition(" ")[2]

    def named_after(self, tag: str) -> bool:
        """It is the campaign of this submission."""
        return self.tag == tag

    def look(self) -> BatchStatus:
        """Translate the state, and the counters if they were asked for."""
        progress, counters = self.progress, self.contact_counters
        status = BatchStatus(progress=progress, word=self.status or "")
        if counters is None:
            return status
        # After the end nothing pending is dialled any more; calls under way go on.
        waiting = 0 if progress.over else counters.pending or 0
        left = int(waiting + (counters.dispatched or 0))
        return replace(status, total=counters.total, remaining=left)


class _Meta(msgspec.Struct, rename="camel"):
    items_per_page: float | None = None
    total_items: float | None = None


class Rows(msgspec.Struct):
    """A page of campaigns or of contacts."""

    results: list[msgspec.Raw]
    metadata: _Meta | None = None

    def full(self) -> bool:
        """There may be another page: this one has as many rows as they give at a time."""
        limit = (self.metadata and self.metadata.items_per_page) or PAGE_LIMIT
        return len(self.results) >= max(1, min(PAGE_LIMIT, limit))
