"""The `agent` block of a Vogent campaign."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Agent(BaseModel):
    """Which agent talks, and when the job may dial. Caller numbers come from `from_numbers`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    agent_id: str = Field(min_length=1, examples=["0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"])
    """The id of the agent that talks (`callAgentId`)."""
    schedule: dict[str, Any] | None = Field(
        default=None,
        examples=[
            {
                "timezone": "America/Chicago",
                "days": [
                    {
                        "dayOfWeek": 1,
                        "timeSlots": [{"startTime": "09:00", "endTime": "17:00"}],
                    }
                ],
            }
        ],
    )
    """Weekly hours in which Vogent may dial, in one time zone; passed on as it is. Days count from
    0 for Sunday. It comes on top of the campaign's own calling windows."""
