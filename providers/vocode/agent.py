"""The `agent` block of a Vocode campaign."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class AgentBlock(BaseModel):
    """Which agent talks, and how. The caller number comes from `from_numbers`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    agent_id: UUID
    """The stored agent that talks."""
    dialect: Literal["vocode", "fluents"] = "vocode"
    """`fluents` for api.fluents.ai; set VOCODE_BASE_URL to https://api.fluents.ai/v1 besides."""
    on_no_human_answer: Literal["hangup", "continue"] = "hangup"
    """What to do when a machine answers: hang up, or stay and talk to it."""
    run_do_not_call_detection: bool = True
    """Find out whether the person asked not to be called again; then nobody calls them again."""
    hipaa_compliant: bool = False
    """Keep no transcript and no recording."""
    telephony_params: dict[str, str] = Field(default_factory=dict[str, str])
    """Extra parameters for the carrier's dial request, such as `{Timeout: "30"}` for Twilio."""
    telephony_provider: Literal["twilio", "vonage"] = "twilio"
    """Whose number the caller number is; only Fluents asks for it."""
