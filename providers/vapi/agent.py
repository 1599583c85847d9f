"""The `agent` block of a Vapi campaign."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# What we say ourselves in a body.
_OURS = frozenset(
    {
        "name", "assistantId", "squadId", "phoneNumberId", "customer", "customers",
        "maxConcurrency", "schedulePlan", "assistantOverrides", "squadOverrides",
    }
)  # fmt: skip


class AgentBlock(BaseModel):
    """Which assistant or squad talks, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    api: Literal["campaign", "call"] = "campaign"
    """`campaign`: /v2/campaign, which paces the calls; `call`: POST /call, one by one."""
    assistant_id: str | None = Field(default=None, min_length=1)
    """The saved assistant that talks; either this or `squad_id`."""
    squad_id: str | None = Field(default=None, min_length=1)
    """The saved squad that talks; either this or `assistant_id`."""
    phone_number_id: str | None = Field(default=None, min_length=1)
    """The caller number's id; the one in `from_numbers` if missing."""
    overrides: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Vapi's `assistantOverrides` (`squadOverrides` for a squad) for every call."""
    extra: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Further fields of the request as Vapi wants them, such as `server` and `predialPlan`."""

    @model_validator(mode="after")
    def _one_talks(self) -> Self:
        if (self.assistant_id is None) == (self.squad_id is None):
            raise ValueError("say who talks: either assistant_id or squad_id")
        return self

    @field_validator("extra")
    @classmethod
    def _says_nothing_twice(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(_OURS & extra.keys()):
            raise ValueError(f"{', '.join(taken)} cannot be said here: it has an option of its own")
        return extra
