"""What Vapi's documents leave open, and what an organization can set."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class VapiSettings(BaseModel):
    """Switches of the Vapi dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int = Field(default=100, ge=1)
    """The organization's concurrency limit. Vapi gives ten, and sells more."""
    campaigns: bool = True
    """Campaigns V2 are enabled; else everything under `/v2/campaign` is a 403."""
    over_capacity: Literal["block", "refuse", "wait"] = "block"
    """What a new call does when no line is free: a 201 for a call that ends at once, a 400, or
    queueing. The vendor's pages of 2026, 2024 and 2025 say so, in this order.
    """
    start_delay: float = Field(default=1.0, ge=0)
    """Simulated seconds from the creation of a campaign without a schedule to its first call."""
    give_up_after: float | None = Field(default=3600.0, gt=0)
    """Simulated seconds after its start in which a campaign's contact must find a line."""
    leftover: Literal["contact.failed", "contact.pending", "contact.skipped"] = "contact.failed"
    """Status of a contact that found no line in time, or whose campaign was cancelled before."""
    unanswered: Literal["contact.completed", "contact.failed"] = "contact.completed"
    """Status of a contact that did not answer, or was busy."""
    campaign_calls_echo: bool = True
    """Calls of a campaign have the merged `assistantOverrides`."""
    read_after_write: float = Field(default=0.0, ge=0)
    """Wall-clock seconds for which something new is a 404, and missing from lists."""
    archived: Literal["readable", "gone"] = "readable"
    """Whether archived campaigns are still listed and read."""
    deleted_scheduled: Literal["readable", "gone"] = "readable"
    """Whether a scheduled call that was deleted can still be read, as `scheduled-call-deleted`."""
    nulls: bool = False
    """Optional fields of calls, campaigns and contacts that have no value are null, not absent."""
    strange_reason: str = "call.ringing.carrier-diverted-elsewhere"
    """The ended reason of a call that ends in a way nobody documented."""
    missing: frozenset[str] = frozenset()
    """Ids of assistants, squads and phone numbers that the organization lacks; any other exists."""
    missing_status: Literal[400, 404] = 400
    """Of a creation that names a missing one."""
