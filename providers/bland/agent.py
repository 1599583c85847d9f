"""The `agent` block of a Bland campaign."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# What we write into the request ourselves.
OURS = frozenset(
    {
        "base_prompt", "call_data", "call_objects", "description", "from", "global", "label",
        "metadata", "phone_number", "request_data", "start_time",
    }
)  # fmt: skip
_NOT_CALL_SETTINGS = frozenset({"api", "options", "status_webhook", "campaign_id", "test_mode"})


class Agent(BaseModel):
    """What is said, and how. Caller numbers come from `from_numbers`, variables from `variables`.

    The fields are those of Bland's send-call request, and go there under the same name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    api: Literal["v2", "v1"] = "v2"
    """The generation of the batch API; `v1` is the legacy one, without a start time."""
    task: str | None = Field(default=None, min_length=1)
    """The prompt; `{{name}}` is filled in from the variables. This, or a pathway or a persona."""
    pathway_id: str | None = None
    """The conversational pathway that is followed."""
    pathway_version: int | str | None = None
    """The version of the pathway; the production version if missing."""
    start_node_id: str | None = None
    """The node at which the pathway begins."""
    persona_id: str | None = None
    """The persona that talks."""
    voice: str | None = Field(default=None, examples=["june"])
    """Name or id of the voice."""
    language: str | None = None
    """The language of the calls."""
    first_sentence: str | None = None
    """What is said first."""
    wait_for_greeting: bool | None = None
    """Let the person speak first."""
    model: str | None = None
    """`base` or `turbo`."""
    temperature: float | None = None
    """How freely the model answers, from 0 to 1."""
    interruption_threshold: int | None = None
    """How patient the agent is with pauses."""
    block_interruptions: bool | None = None
    """Talk on when the person speaks."""
    noise_cancellation: bool | None = None
    """Filter background noise."""
    background_track: str | None = None
    """The sound behind the agent's voice."""
    max_duration: int | None = Field(default=None, ge=1)
    """MINUTES after which a call is ended; 30 at Bland if missing."""
    record: bool | None = None
    """Record the calls; without it there is no recording."""
    voicemail: dict[str, Any] | None = Field(default=None, examples=[{"action": "hangup"}])
    """What to do with an answering machine."""
    answered_by_enabled: bool = True
    """Ask who picked up; older accounts are not told otherwise."""
    transfer_phone_number: str | None = None
    """The number to which a person may be transferred."""
    transfer_list: dict[str, str] | None = None
    """Several such numbers by name."""
    tools: list[Any] | None = None
    """Tools that the agent may use."""
    summary_prompt: str | None = None
    """How the summary of a call is written."""
    dispositions: list[str] | None = None
    """The words of which one is chosen to tell how a call went."""
    keywords: list[str] | None = None
    """Words to listen for."""
    ivr_mode: bool | None = None
    """Find a way through voice menus."""
    precall_dtmf_sequence: str | None = None
    """Keys to press when the call is picked up."""
    guard_rails: list[Any] | None = None
    """What the agent is kept from."""
    dialing_strategy: dict[str, Any] | None = None
    """How Bland chooses the caller number, instead of `from_numbers`."""
    timezone: str | None = None
    """The IANA time zone that the agent speaks of; Los Angeles at Bland if missing."""
    webhook: str | None = None
    """URL that Bland tells about each finished call; outdial does not need it."""
    webhook_events: list[str] | None = None
    """What else it is told about."""
    status_webhook: str | None = None
    """URL that Bland tells about each phase of a batch (v2); outdial does not need it."""
    campaign_id: str | None = None
    """The id of a campaign that you keep at Bland (v1)."""
    test_mode: bool | None = None
    """Place the first call only (v1)."""
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Any other field of the send-call request, passed on as it is."""

    @property
    def settings(self) -> dict[str, Any]:
        """The call settings, as they are sent."""
        said = self.model_dump(exclude=set(_NOT_CALL_SETTINGS), exclude_none=True)
        return {**said, **self.options}

    @model_validator(mode="before")
    @classmethod
    def _never_retry(cls, block: Any) -> Any:
        for part in (block, block.get("options")) if isinstance(block, dict) else ():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(part, dict) and "retry" in part:
                raise ValueError(
                    "with retry Bland dials again by itself, unseen by the campaign's rules: "
                    "use max_attempts and retry_on of the policy"
                )
        return block  # pyright: ignore[reportUnknownVariableType]

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        if not (self.task or self.pathway_id or self.persona_id):
            raise ValueError("say what is talked about: task, pathway_id or persona_id")
        taken = sorted(self.options.keys() & (OURS | type(self).model_fields.keys()))
        if taken:
            raise ValueError(f"options may not hold {taken[0]}: it has a place of its own")
        other = ("status_webhook",) if self.api == "v1" else ("campaign_id", "test_mode")
        strange = [name for name in other if getattr(self, name) is not None]
        if strange:
            raise ValueError(f"{strange[0]} cannot be said with api: {self.api}")
        return self
