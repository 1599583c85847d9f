"""What may be sent. Every property that is not named here is refused, as Vapi does."""

import re
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic.alias_generators import to_camel

from simulator.clock import iso_utc, parse_moment
from simulator.dialects.vapi.complaints import complaint
from simulator.dialects.vapi.overrides import Overrides

MOST_CUSTOMERS = 10_000
_E164 = re.compile(r"\+[1-9]\d{1,14}")
_DIALABLE = re.compile(r"\+?[a-zA-Z0-9]+")


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise complaint("{name} must be a UUID") from None


def _moment(text: object) -> float:
    try:
        return parse_moment(text) if isinstance(text, str) else _no_moment()
    except ValueError:
        return _no_moment()


def _no_moment() -> float:
    raise complaint("{name} must be a valid ISO 8601 date string")


Uuid = Annotated[str, AfterValidator(_uuid)]
Moment = Annotated[float, BeforeValidator(_moment), PlainSerializer(iso_utc)]
Name40 = Annotated[str, Field(max_length=40)]


class Body(BaseModel):
    """The manners of every body: JSON's own types, known properties only, camelCase."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)

    def sent(self, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """What the client sent, as it is given back."""
        return self.model_dump(by_alias=True, exclude_unset=True, exclude=set(without))


class SchedulePlan(Body):
    """When to dial."""

    earliest_at: Moment
    latest_at: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.latest_at is not None and self.latest_at <= self.earliest_at:
            raise complaint("latestAt must be after earliestAt")
        return self


class Customer(Body):
    """One person to call."""

    number_e164_check_enabled: bool = Field(default=True, alias="numberE164CheckEnabled")
    extension: Annotated[str, Field(max_length=10)] | None = None
    assistant_overrides: Overrides = Field(default_factory=dict[str, Any])
    squad_overrides: Overrides = Field(default_factory=dict[str, Any])
    number: Annotated[str, Field(min_length=3, max_length=40)] = ""
    sip_uri: str = ""
    name: Name40 = ""
    email: Name40 = ""
    external_id: Name40 = ""

    @model_validator(mode="after")
    def _can_be_dialled(self) -> Self:
        if not self.number and not self.sip_uri:
            raise complaint("number must be given")
        pattern = _E164 if self.number_e164_check_enabled else _DIALABLE
        if self.number and not pattern.fullmatch(self.number):
            raise complaint("number must be a valid phone number in the E.164 format")
        return self

    @property
    def address(self) -> str:
        """What is dialled."""
        return self.number or self.sip_uri


class CreateCampaign(Body):
    """The body of `POST /v2/campaign`. What can be copied from another campaign may be absent."""

    name: Annotated[str, Field(min_length=1, pattern=r"\S")]
    assistant_id: Uuid = ""
    squad_id: Uuid = ""
    phone_number_id: Uuid = ""
    customers: Annotated[list[Customer], Field(min_length=1, max_length=MOST_CUSTOMERS)] | None = (
        None
    )
    max_concurrency: Annotated[float, Field(ge=1, le=500)] = 10
    assistant_overrides: Overrides = Field(default_factory=dict[str, Any])
    squad_overrides: Overrides = Field(default_factory=dict[str, Any])
    schedule_plan: SchedulePlan | None = None
    server: dict[str, Any] | None = None
    server_messages: list[str] | None = None
    predial_plan: dict[str, Any] | None = None
    duplicate_from_campaign_id: Uuid = ""


class UpdateCampaign(Body):
    """The body of `PATCH /v2/campaign/{id}`: all that the schema knows; only `status` is taken."""

    status: Literal["cancelled", "ended"] | None = None
    name: str | None = None
    assistant_id: str | None = None
    workflow_id: str | None = None
    squad_id: str | None = None
    phone_number_id: str | None = None
    dial_plan: list[Any] | None = None
    schedule_plan: dict[str, Any] | None = None


class CreateCall(Body):
    """The body of `POST /call`."""

    name: Name40 = ""
    assistant_id: Uuid = ""
    assistant: dict[str, Any] | None = None
    assistant_version: str | None = None
    assistant_overrides: Overrides = Field(default_factory=dict[str, Any])
    squad_id: Uuid = ""
    squad: dict[str, Any] | None = None
    squad_version: str | None = None
    squad_overrides: Overrides = Field(default_factory=dict[str, Any])
    workflow_id: Uuid = ""
    workflow: dict[str, Any] | None = None
    workflow_overrides: dict[str, Any] | None = None
    phone_number_id: Uuid = ""
    phone_number: dict[str, Any] | None = None
    customer_id: Uuid = ""
    customer: Customer | None = None
    customers: Annotated[list[Customer], Field(min_length=1)] | None = None
    schedule_plan: SchedulePlan | None = None
    transport: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        whom = (self.customer, self.customers, self.customer_id)
        if sum(bool(given) for given in whom) != 1:
            raise complaint("exactly one of customer, customers and customerId must be given")
        who = (self.assistant_id, self.assistant, self.squad_id, self.squad)
        if sum(bool(given) for given in (*who, self.workflow_id, self.workflow)) != 1:
            raise complaint("exactly one of assistant, squad and workflow must be given")
        if not self.phone_number_id and not self.phone_number:
            raise complaint("phoneNumberId must be given")
        return self


class UpdateCall(Body):
    """The body of `PATCH /call/{id}`."""

    name: Name40


class DeleteCalls(Body):
    """The body of `DELETE /call/{id}`."""

    ids: list[str] = Field(default_factory=list[str])


class Control(BaseModel):
    """The body of a POST to a call's control URL."""

    model_config = ConfigDict(extra="allow")

    type: str
