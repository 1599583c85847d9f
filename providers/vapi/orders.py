"""What both ways of dialling say alike in a body."""

from datetime import datetime
from typing import Any

from campaign.calls import CallRequest, Order
from campaign.errors import Unsupported
from providers.moments import iso
from providers.vapi.agent import AgentBlock
from providers.vapi.wire import KEY, TAG

NAME_LENGTH = 40
_VARIABLES_LENGTH = 100_000


def talker(agent: AgentBlock) -> dict[str, str]:
    """Say who talks."""
    if agent.assistant_id is not None:
        return {"assistantId": agent.assistant_id}
    return {"squadId": str(agent.squad_id)}


def overrides_field(agent: AgentBlock) -> str:
    """Return the field that takes the overrides."""
    return "assistantOverrides" if agent.assistant_id is not None else "squadOverrides"


def variables(order: Order, call: CallRequest) -> dict[str, str]:
    """Return the person's variables, with our marks among them. Raises `Unsupported`."""
    values = {**call.variables, TAG: order.tag, KEY: call.key}
    if sum(len(name) + len(text) for name, text in values.items()) >= _VARIABLES_LENGTH:
        raise Unsupported("the variables of one person are longer than the 100,000 of Vapi")
    return values


def number_id(agent: AgentBlock, order: Order) -> str:
    """Return the caller number's id. Raises `Unsupported` unless there is exactly one."""
    said = {call.from_number for call in order.calls if call.from_number} or set(order.from_numbers)
    if agent.phone_number_id is not None:
        said.add(agent.phone_number_id)
    if len(said) != 1:
        raise Unsupported(
            "Vapi calls from one number in a request: put exactly one id in from_numbers"
        )
    return said.pop()


def schedule(start_at: datetime | None, stop_at: datetime | None) -> dict[str, Any]:
    """Return the schedule plan. Raises `Unsupported` for a stop without a start."""
    if start_at is None:
        if stop_at is not None:
            raise Unsupported(
                "Vapi takes a stop time only with a start time: set limits.start_guard above 0s"
            )
        return {}
    plan = {"earliestAt": iso(start_at)}
    if stop_at is not None:
        plan["latestAt"] = iso(stop_at)
    return {"schedulePlan": plan}
