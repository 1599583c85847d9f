"""What Vocode's documents leave open, and what an account can set."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class VocodeSettings(BaseModel):
    """Switches of the Vocode dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: Literal["vocode", "fluents"] = "vocode"
    """`fluents`: the API of the same shape that answers 201 to a new call, has other errors and no
    usage.
    """
    lines: int = Field(default=100, ge=1)
    """Calls at a time in one account; further ones wait."""
    outbound: bool = True
    """Outbound calls are enabled. The vendor enables them per account, on request."""
    minutes_limit: int | None = Field(default=None, ge=0)
    """Minutes a month that `/usage` tells of; None: unlimited. Nothing enforces it."""
    telephony: Literal["twilio", "vonage"] = "twilio"
    """Vonage's metadata tells nothing of how a call went."""
    plus: bool = False
    """Numbers are stored with their plus sign."""
    max_size: int = Field(default=100, ge=1)
    """Longest page."""
    over_size: Literal["refuse", "clamp"] = "refuse"
    order: Literal["oldest", "newest"] = "oldest"
    """Of lists that are not sorted."""
    sort: bool = True
    """Sorting works; else `sort_column` is a 422."""
    null_start: Literal["first", "last"] = "first"
    """Where calls without a start time are sorted, whatever the direction."""
    estimated_total: bool = False
    """`total` is a guess, and says so."""
    context_in_list: bool = True
    """Rows of the list have their context; else it is null."""
    connection_in_list: Literal["id", "object"] = "id"
    """`object`: rows of the list hold the carrier's credentials too."""
    strange_outcome: str = "carrier_diverted"
    """The stage outcome of a call that ends in a way nobody documented."""
    missing: frozenset[str] = frozenset()
    """Agent ids and numbers (digits only) that this account lacks; any other exists."""
