"""How this HappyRobot behaves where its documentation leaves the choice."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class HappyRobotSettings(BaseModel):
    """The defaults are the plainest reading of the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int = Field(default=100, ge=1)
    """Calls at a time in one account; further ones queue."""
    max_elements: int | None = Field(default=None, ge=1)
    """Longest array of calls in one request; None: no limit. The documentation states none."""
    bad_element: Literal["refuse", "drop"] = "refuse"
    """What one invalid call in an array leads to: a 400 for all, or silence about that one."""
    shuffle: bool = False
    """Answer an array of calls in another order than it was sent in."""
    echo: Literal["custom", "flat", "none"] = "custom"
    """Where the client's metadata comes back: under `metadata.custom`, in `metadata` itself, or
    nowhere.
    """
    transfer_ends_as: Literal["Transferred", "Completed"] = "Transferred"
    """`Completed`: a transferred call shows `Transferred` without a duration for a while first."""
    strange_status: str = "Diverted"
    """The status word of a call that ends in a way nobody documented."""
    missing: frozenset[str] = frozenset()
    """Ids of numbers and use cases that this account lacks; any other well-formed id exists."""
