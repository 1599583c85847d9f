"""What may be sent: one call to dial, and the query of the list of calls."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from simulator.clock import parse_moment

STATUSES = frozenset(
    {
        "Scheduled",
        "Queued",
        "Initiated",
        "Ringing",
        "In progress",
        "Transferred",
        "Completed",
        "AMD Terminated",
        "Busy",
        "No answer",
        "Canceled",
        "Failed",
    }
)

Id = Annotated[str, Field(min_length=24, max_length=24)]
Language = Literal[
    "en-US",
    "en-GB",
    "es-MX",
    "es-ES",
    "pt-PT",
    "de-DE",
    "fr-FR",
    "pl-PL",
    "ro-RO",
    "it-IT",
]


class DialRequest(BaseModel):
    """One element of `POST /dial/outbound-batched`, or the body of `POST /dial/outbound`."""

    model_config = ConfigDict(strict=True, frozen=True)

    number_id: Id
    phone_number: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]
    use_case_id: Id = ""
    prompt_id: str = ""
    agent_id: Id = ""
    model_id: Id = ""
    language: Language = "en-US"
    params: Any = None
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    campaign_id: str = ""
    scheduled_for: AwareDatetime | None = None
    max_duration_mins: Annotated[int, Field(ge=1)] = 10
    assistant_id: str = ""
    """Deprecated: stands for `use_case_id`."""
    voice_id: str = ""
    """Deprecated: stands for `agent_id`."""
    model: str = ""
    """Deprecated: stands for `model_id`."""

    @property
    def use_case(self) -> str:
        """The use case that handles the call."""
        return self.use_case_id or self.assistant_id or "0" * 23 + "1"

    @property
    def starts_at(self) -> float | None:
        """Wall clock: when to dial; None: at once."""
        return self.scheduled_for.timestamp() if self.scheduled_for else None


class DialRequests(RootModel[Annotated[list[DialRequest], Field(min_length=1)]]):
    """The bare array of `POST /dial/outbound-batched`."""


def _words(text: object) -> object:
    return frozenset(text.split(",")) if isinstance(text, str) and text else frozenset[str]()


def _moment(text: object) -> object:
    return parse_moment(text) if isinstance(text, str) and text else None


Words = Annotated[frozenset[str], BeforeValidator(_words)]
Moment = Annotated[float | None, BeforeValidator(_moment)]


class CallsQuery(BaseModel):
    """The query of `GET /calls`. A filter that is absent or empty filters nothing."""

    limit: Annotated[int, Field(gt=0, le=2000)] = 2000
    skip: Annotated[int, Field(ge=0)] = 0
    type: Literal["", "Inbound", "Outbound"] = ""
    statuses: Words = frozenset()
    use_cases: Words = frozenset()
    campaigns: Words = frozenset()
    tags: Words = frozenset()
    models: Words = frozenset()
    ratings: Words = frozenset()
    created_from: Moment = Field(default=None, alias="from")
    created_to: Moment = Field(default=None, alias="to")
    search: str = ""
    transfer_contact_email: str = ""
    sort: Literal["asc", "desc"] = "desc"
