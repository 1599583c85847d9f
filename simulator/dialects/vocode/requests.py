"""What may be sent: a new call, and the queries."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from simulator.exchange import Exchange

Digits = Annotated[str, AfterValidator(lambda text: "".join(filter(str.isdigit, text)))]


class NewAgent(BaseModel):
    """An agent that is made for one call. Its many other fields are taken as they come."""

    model_config = ConfigDict(extra="allow")

    prompt: UUID | dict[str, Any]


class CreateCall(BaseModel):
    """The body of `POST /calls/create`."""

    model_config = ConfigDict(strict=True, frozen=True)

    from_number: Digits
    to_number: str
    agent: UUID | NewAgent
    on_no_human_answer: Literal["continue", "hangup"] = "continue"
    run_do_not_call_detection: bool | None = None
    hipaa_compliant: bool = False
    context: dict[str, str] | None = None
    telephony_params: dict[str, str] | None = None


class ListQuery(BaseModel):
    """The query of every list."""

    page: Annotated[int, Field(ge=1)] = 1
    size: Annotated[int, Field(ge=1)] = 10
    sort_column: Literal["", "start_time", "end_time", "status", "to_number", "from_number"] = ""
    sort_desc: bool = False


class IdQuery(BaseModel):
    """The query of everything that concerns one thing."""

    id: UUID


class NumberQuery(BaseModel):
    """The query of one telephone number."""

    phone_number: Digits


def asked_id(exchange: Exchange) -> str:
    """The id in the query. Raises `ValidationError`."""
    return str(exchange.parse_query(IdQuery).id)
