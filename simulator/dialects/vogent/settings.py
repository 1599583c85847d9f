"""What Vogent's documents leave open, and what a workspace can set."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class VogentSettings(BaseModel):
    """Switches of the Vogent dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int = Field(default=100, ge=1)
    """Calls that a workspace may have at a time."""
    over_concurrency: Literal["refuse", "clamp"] = "refuse"
    """What becomes of a job whose `maxConcurrentDials` is above that: 422, or silently less."""
    default_limit: int = Field(default=100, ge=1)
    max_limit: int = Field(default=100, ge=1)
    """Longer pages are cut to this."""
    order: Literal["oldest", "newest", "created"] = "oldest"
    """Of lists: by the row's appearance (dials: their end), oldest or newest first; `created` lists
    dials in the order of dialling, so that one that ends late appears before a cursor that has
    passed.
    """
    empty_last_page: bool = False
    """A full last page has a cursor, and the page after it is empty."""
    complete_when: Literal["ended", "dialled"] = "ended"
    """A job is COMPLETE when its last call has ended, or already when it has been dialled."""
    listing_delay: float = Field(default=0.0, ge=0)
    """Simulated seconds from the end of a dial to its listing."""
    unknown_id_status: Literal[400, 404] = 404
    paused_when_over: Literal["refuse", "ignore"] = "refuse"
    """`/paused` on a job that is over: 400, or 200 without effect."""
    extractor: bool = True
    """Agents have an extractor, so that answered dials get an `aiResult`."""
    sparse: bool = False
    """Leave out every field of a dial that the schema does not require and a client can do without.
    """
    agents: Sequence[str] = ("0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11",)
    """Ids that `/agents` lists."""
    phone_numbers: Sequence[str] = ("9a4be2b7-0f0c-4ef4-8a51-2c1d7f2f6d20",)
    """Ids that `/phone_numbers` lists."""
    only_known_ids: bool = False
    """Refuse agents and numbers that are not listed (400); otherwise any UUID will do."""
