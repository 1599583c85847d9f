"""The `agent` block of a HappyRobot campaign."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# The first ten are the API reference's; the others were added later.
Language = Literal[
    "en-US", "en-GB", "es-MX", "es-ES", "pt-PT", "de-DE", "fr-FR", "pl-PL", "ro-RO", "it-IT",
    "es-CO", "zh-CN", "hi-IN", "ja-JP", "sv-SE",
]  # fmt: skip
ID_LENGTH = 24
Id = Annotated[str, Field(min_length=ID_LENGTH, max_length=ID_LENGTH)]

# docs.happyrobot.ai/api-reference/dial/create-batched-outbound-calls marks these as deprecated.
_REPLACED = {"assistant_id": "use_case_id", "voice_id": "agent_id", "model": "model_id"}


class AgentBlock(BaseModel):
    """Which use case talks, and how. The caller number's id comes from `from_numbers`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    use_case_id: Id | None = None
    """The use case that handles the calls: an id of 24 characters. Only its calls are listed."""
    prompt_id: str | None = Field(default=None, min_length=1)
    """The prompt; the use case's default outbound prompt if missing."""
    agent_id: Id | None = None
    """The agent (voice persona) that talks: an id of 24 characters."""
    model_id: Id | None = None
    """The language model: an id of 24 characters."""
    language: Language | None = None
    """The language of the calls; the use case's own if missing."""
    campaign_id: str | None = Field(default=None, min_length=1)
    """The id of a campaign that you keep at HappyRobot."""
    max_duration_mins: int | None = Field(default=None, ge=1)
    """Minutes after which a call is ended; the use case's own, else 10, if missing."""
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Your own fields, shown with every call there; names that begin with `outdial_` are ours."""
    chunk: int = Field(default=25, ge=1, le=500)
    """Calls in one request: also how many are in doubt when one answer is lost."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_deprecated(cls, block: Any) -> Any:
        for old, new in _REPLACED.items():
            if isinstance(block, dict) and old in block:
                raise ValueError(f"{old} is deprecated by HappyRobot: use {new} instead")
        return block  # pyright: ignore[reportUnknownVariableType]

    @field_validator("metadata")
    @classmethod
    def _our_names_are_free(cls, metadata: dict[str, Any]) -> dict[str, Any]:
        if any(name.startswith("outdial_") for name in metadata):
            raise ValueError("names that begin with outdial_ are kept for us: choose another")
        return metadata
