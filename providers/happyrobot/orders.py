"""What is said to HappyRobot to have calls placed, and how its answer is matched with it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from campaign.calls import CallRequest, Order
from campaign.errors import Unsupported
from providers.happyrobot.agent import ID_LENGTH, AgentBlock
from providers.happyrobot.wire import KEY, TAG, CallRow, Metadata
from providers.mending import decode
from providers.moments import iso
from providers.rows import readable


class Sent(msgspec.Struct):
    """One element of a body of ours."""

    phone_number: str
    metadata: Metadata

    @property
    def key(self) -> str:
        """Our key."""
        return str(self.metadata.ours(KEY))

    @property
    def tag(self) -> str:
        """Our tag."""
        return str(self.metadata.ours(TAG))


def compose(order: Order, agent: AgentBlock) -> bytes:
    """Return the array of calls. Raises `Unsupported`."""
    if len(order.calls) > agent.chunk:
        raise Unsupported(f"at most {agent.chunk} calls in one request: raise agent.chunk")
    elements = [_element(order, place, call, agent) for place, call in enumerate(order.calls)]
    return msgspec.json.encode(elements)


def sent(body: bytes) -> list[Sent]:
    """Read a body of ours."""
    return msgspec.json.decode(body, type=list[Sent])


def created(answer: msgspec.Raw) -> list[CallRow]:
    """Read the calls of an answer: the reference shows a single object, clients see an array."""
    content = bytes(answer)
    rows = decode(content, list[msgspec.Raw]) if content[:1] == b"[" else [answer]
    return list(readable(rows, CallRow))


def by_key(calls: Iterable[CallRow], elements: list[Sent]) -> dict[str, str]:
    """Match by our key, else by a number that was sent once; never by position."""
    numbers = [_digits(element.phone_number) for element in elements]
    once = {
        number: element.key
        for number, element in zip(numbers, elements, strict=True)
        if numbers.count(number) == 1
    }
    keys = {element.key for element in elements}
    ids: dict[str, str] = {}
    for call in calls:
        to = _digits((call.metadata.to if call.metadata else None) or "")
        key = call.key or once.get(to)
        if key is not None and key in keys:
            ids.setdefault(key, call.id)
    return ids


def _element(order: Order, place: int, call: CallRequest, agent: AgentBlock) -> dict[str, Any]:
    said = {
        "number_id": _number_id(order, place, call),
        "phone_number": call.to,
        "use_case_id": agent.use_case_id,
        "prompt_id": agent.prompt_id,
        "agent_id": agent.agent_id,
        "model_id": agent.model_id,
        "language": agent.language,
        "params": dict(call.variables),
        "metadata": {**agent.metadata, TAG: order.tag, KEY: call.key},
        "campaign_id": agent.campaign_id,
        "scheduled_for": iso(order.start_at) if order.start_at else None,
        "max_duration_mins": agent.max_duration_mins,
    }
    return {name: value for name, value in said.items() if value is not None}


def _number_id(order: Order, place: int, call: CallRequest) -> str:
    number = call.from_number
    if number is None and order.from_numbers:
        number = order.from_numbers[place % len(order.from_numbers)]
    if number is None or len(number) != ID_LENGTH:
        raise Unsupported(
            "HappyRobot calls from a number by its id: put the id of 24 characters in from_numbers"
        )
    return number


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))
