"""Short ways to write down a wire in a test."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

import providers
from campaign.calls import BatchRef, Order, SubmissionRef
from providers.http import Http
from providers.port import Provider
from tests.providers.replay import Example, Pair, Replay, Request, Response, example


def asked(method: str, path: str, json: Any = msgspec.UNSET, **query: str) -> Request:
    """What must be asked."""
    return Request(method=method, path=path, query=dict(query), json=json)


def answered(
    json: Any = None, status: int = 200, text: str | None = None, **headers: str
) -> Response:
    """What is answered: JSON, or text as it is."""
    if text is not None:
        return Response(status=status, text=text)
    content = msgspec.Raw(msgspec.json.encode(json))
    return Response(status=status, json=content, headers=headers)


Exchange = tuple[Request, Response]


def exchange(
    line: str,
    answer: object,
    status: int = 200,
    *,
    query: Mapping[str, Any] | None = None,
    json: object = msgspec.UNSET,
) -> Exchange:
    """Both in one line: `exchange("GET /calls", {...})`."""
    method, _, path = line.partition(" ")
    return asked(method, path, json, **(query or {})), answered(answer, status)


@asynccontextmanager
async def connected(name: str, *pairs: Exchange) -> AsyncGenerator[Http]:
    """A connection to a provider that knows these requests and no others."""
    adapter = providers.adapter(name)
    headers = adapter.headers("test-key")
    recorded = [Pair(request=request, response=response) for request, response in pairs]
    with Replay(recorded, headers) as wire:
        async with Http(adapter.base_url, headers, transport=wire) as http:
            yield http


@asynccontextmanager
async def opened(name: str, agent: Mapping[str, Any], *pairs: Exchange) -> AsyncGenerator[Provider]:
    """An adapter on such a connection."""
    async with connected(name, *pairs) as http:
        yield providers.adapter(name).open(http, agent)


async def passing() -> None:
    """A fence that says yes."""


def batch(
    folder: str, *, ids: Mapping[str, str] | None = None, batch_id: str | None = ""
) -> BatchRef:
    """The example's batch, with other open calls (key by id) or another id of its own."""
    play: Example = example(folder)
    submission = SubmissionRef(
        tag=play.order.tag,
        provider_batch_id=play.batch_id if batch_id == "" else batch_id,
        since=play.since,
        keys=frozenset(call.key for call in play.order.calls),
    )
    return BatchRef(submissions=(submission,), open_calls=ids or {})


def order(folder: str, **changes: Any) -> Order:
    """The example's order, changed."""
    fields = {name: getattr(example(folder).order, name) for name in Order.__slots__}
    return Order(**{**fields, **changes})
