"""What Vogent takes: request bodies and queries, as strict as its documents."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _uuid(text: str) -> str:
    try:
        UUID(text)
    except ValueError:
        raise ValueError("must be a UUID as Vogent's dashboard shows it") from None
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as America/Chicago") from None
    return text


E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")]
Id = Annotated[str, AfterValidator(_uuid)]
HourMinute = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Status = Literal["INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"]


class _Body(BaseModel):
    # Unknown fields are ignored: Vogent's generated Go server does not look at them.
    model_config = ConfigDict(strict=True, frozen=True)


class TimeSlot(_Body):
    """A span of local time."""

    startTime: HourMinute  # noqa: N815 - Vogent's spelling, as everywhere below.
    endTime: HourMinute  # noqa: N815


class Day(_Body):
    """A day of the week; 0 is Sunday."""

    dayOfWeek: Annotated[int, Field(ge=0, le=6)]  # noqa: N815
    timeSlots: list[TimeSlot]  # noqa: N815


class Schedule(_Body):
    """Weekly calling windows."""

    days: list[Day]
    timezone: Annotated[str, AfterValidator(_zone)]
    disableSchedule: bool = False  # noqa: N815


class Row(_Body):
    """One person to call."""

    toNumber: E164  # noqa: N815
    inputs: dict[str, str] = Field(default_factory=dict[str, str])


class CreateJob(_Body):
    """`POST /batch_dial_jobs`."""

    name: Annotated[str, StringConstraints(min_length=1)]
    callAgentId: Id  # noqa: N815
    maxConcurrentDials: Annotated[int, Field(ge=1)]  # noqa: N815
    rows: Annotated[list[Row], Field(min_length=1)]
    fromPhoneNumberIds: list[Id] | None = None  # noqa: N815
    schedule: Schedule | None = None


class ChangeJob(_Body):
    """`PUT /batch_dial_jobs/{id}`."""

    maxConcurrentDials: Annotated[int, Field(ge=1)] | None = None  # noqa: N815
    fromPhoneNumberIds: list[Id] | None = None  # noqa: N815
    schedule: Schedule | None = None


class SetPaused(_Body):
    """`POST /batch_dial_jobs/{id}/paused`."""

    paused: bool


class CreateDial(_Body):
    """`POST /dials`."""

    callAgentId: Id  # noqa: N815
    toNumber: E164  # noqa: N815
    fromNumberId: Id | None = None  # noqa: N815
    callAgentInput: dict[str, str] = Field(default_factory=dict[str, str])  # noqa: N815
    timeoutMinutes: Annotated[int, Field(ge=1)] | None = None  # noqa: N815


class PageQuery(BaseModel):
    """Query of the lists."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1)] | None = None
    cursor: str | None = None
    status: Status | None = None
    callAgentId: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
