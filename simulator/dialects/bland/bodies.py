"""What Bland takes: request bodies and queries. Any send-call field may stand in them."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from simulator.clock import parse_moment

E164_PATTERN = r"^\+[1-9]\d{6,14}$"
DESCRIPTION_LENGTH = 60


def _moment(text: str) -> str:
    try:
        parse_moment(text)
    except ValueError:
        raise ValueError("must be like 2026-04-06 15:30:00-05:00") from None
    return text


StartTime = Annotated[str, AfterValidator(_moment)]


class Voicemail(BaseModel):
    """What to do when a machine answers."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    action: Literal["hangup", "leave_message", "leave_message_and_sms", "ignore"]


class SendCall(BaseModel):
    """The send-call fields that the simulator works by; all others are kept."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    task: str | None = None
    pathway_id: str | None = None
    persona_id: str | None = None
    request_data: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    start_time: StartTime | None = None
    max_duration: Annotated[float, Field(gt=0)] | None = None
    """Minutes."""
    voicemail: Voicemail | None = None
    record: bool | None = None
    answered_by_enabled: bool | None = None

    def fields(self) -> dict[str, Any]:
        """All that was sent."""
        return self.model_dump(mode="json", exclude_unset=True)


class Global(SendCall):
    """Defaults for all calls of a batch."""

    @model_validator(mode="after")
    def _says_what_to_do(self) -> Self:
        if "phone_number" in (self.model_extra or {}):
            raise ValueError("phone_number belongs into call_objects, not into global")
        if not (self.task or self.pathway_id):
            raise ValueError("task or pathway_id is required")
        return self


class CallObject(SendCall):
    """One person to call; what stands here overrides `global`."""

    phone_number: str


class CreateBatch(BaseModel):
    """`POST /v2/batches/create`."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    defaults: Annotated[Global, Field(alias="global")]
    call_objects: Annotated[list[CallObject], Field(min_length=1)]
    description: Annotated[str, StringConstraints(max_length=DESCRIPTION_LENGTH)] = "Untitled Batch"
    status_webhook: str | None = None


class CreateBatchV1(SendCall):
    """`POST /v1/batches`: the send-call fields are flat, for all calls."""

    base_prompt: Annotated[str, StringConstraints(min_length=1)]
    call_data: Annotated[list[CallObject], Field(min_length=1)]
    label: str | None = None
    campaign_id: str | None = None
    test_mode: bool = False
    """Call the first one only."""


class Analyze(BaseModel):
    """`POST /v1/batches/{batch_id}/analyze`."""

    model_config = ConfigDict(strict=True, frozen=True)

    goal: str
    questions: Annotated[list[tuple[str, str]], Field(min_length=1)]
    """Pairs of question and kind of answer."""


class TakeQuery(BaseModel):
    """Query of the v2 lists."""

    model_config = ConfigDict(frozen=True)

    take: Annotated[int, Field(ge=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    direction: Literal["asc", "desc"] = "desc"


class BatchesQuery(BaseModel):
    """Query of `GET /v1/batches`."""

    model_config = ConfigDict(frozen=True)

    campaign_id: str | None = None
    start: Annotated[int, Field(ge=0, alias="from")] = 0
    end: Annotated[int | None, Field(ge=0, alias="to")] = None
    limit: Annotated[int, Field(ge=1)] = 1000
    ascending: bool = False


class BatchQuery(BaseModel):
    """Query of `GET /v1/batches/{batch_id}`."""

    model_config = ConfigDict(frozen=True)

    include_calls: bool = True
    include_transcripts: bool = True
    include_analysis: bool = True


class CallsQuery(BaseModel):
    """Query of `GET /v1/calls`. Parameters that Bland does not know are passed over."""

    model_config = ConfigDict(frozen=True)

    batch_id: str | None = None
    start: Annotated[int, Field(ge=0, alias="from")] = 0
    end: Annotated[int | None, Field(ge=0, alias="to")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    ascending: bool = False
    sort_by: Literal["created_at", "updated_at"] = "created_at"
    from_number: str | None = None
    to_number: str | None = None
    start_date: StartTime | None = None
    end_date: StartTime | None = None
    created_at: StartTime | None = None
    completed: bool | None = None
    answered_by: str | None = None
    inbound: bool | None = None
    duration_gt: float | None = None
    duration_lt: float | None = None
    campaign_id: str | None = None
