"""A wire that plays back recorded answers, strictly both ways.

A recording is `tests/wire/<folder>/<scenario>.json`:
`{"source": "...", "pairs": [{"request": ..., "response": ...}]}` with
`request: {method, path, query?, json?}` (path with the base URL's own path, query values as text
or lists of text) and `response: {status, headers?, json | text}`. Requests must come in the
recorded order. `example.json` beside them says with which agent block and which order the adapter
is driven.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
import msgspec

from campaign.calls import BatchRef, Order, SubmissionRef

WIRE = Path(__file__).parent.parent / "wire"


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With what a folder's adapter is driven."""

    provider: str
    """Its name in the registry."""
    agent: dict[str, Any]
    order: Order
    since: datetime
    batch_id: str
    """What `submit.json` gives: the provider's id, or the order's tag if it has no batches."""
    call_ids: dict[str, str]
    """Call id by key, in the order of `two_pages.json`; the first is read by `detail.json`."""
    variant: str = ""
    """The API generation, as in `Provider.variants()`."""

    @property
    def in_doubt(self) -> SubmissionRef:
        """The submission as it is known while its answer is missing."""
        keys = frozenset(call.key for call in self.order.calls)
        return SubmissionRef(
            tag=self.order.tag, provider_batch_id=None, since=self.since, keys=keys
        )

    @property
    def accepted(self) -> SubmissionRef:
        """The submission as it is known once it was accepted."""
        return SubmissionRef(
            tag=self.order.tag,
            provider_batch_id=self.batch_id,
            since=self.since,
            keys=frozenset(call.key for call in self.order.calls),
        )

    @property
    def batch(self) -> BatchRef:
        """The accepted batch, with every call known and none known to be over."""
        submission = SubmissionRef(
            tag=self.order.tag,
            provider_batch_id=self.batch_id,
            since=self.since,
            keys=frozenset(self.call_ids),
        )
        calls = {call_id: key for key, call_id in self.call_ids.items()}
        return BatchRef(submissions=(submission,), open_calls=calls)


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be asked."""

    method: str
    path: str
    query: dict[str, str | list[str]] = {}
    json: Any = msgspec.UNSET


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is answered: `json`, or `text` as it is."""

    status: int
    headers: dict[str, str] = {}
    json: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    text: str = ""

    @property
    def content(self) -> bytes:
        """The body's bytes, as the recording has them."""
        return self.text.encode() if isinstance(self.json, msgspec.UnsetType) else bytes(self.json)


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request and its answer."""

    request: Request
    response: Response


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario."""

    source: str
    pairs: list[Pair]


def folders() -> list[str]:
    """Every folder of recordings."""
    return sorted(path.name for path in WIRE.iterdir() if path.is_dir())


def example(folder: str) -> Example:
    return msgspec.json.decode((WIRE / folder / "example.json").read_bytes(), type=Example)


def recording(folder: str, scenario: str) -> Recording:
    """A missing file is an error, and so a failing test."""
    return msgspec.json.decode((WIRE / folder / f"{scenario}.json").read_bytes(), type=Recording)


class Replay(httpx.AsyncBaseTransport):
    """Fails at the end of its `with` if anything was asked that is not recorded, or never asked.

    It does not rely on what it raises in between: the code under test may rightly turn any error of
    a submit into a doubt.
    """

    def __init__(self, pairs: Iterable[Pair], headers: Mapping[str, str] | None = None) -> None:
        self._pairs: Iterator[Pair] = iter(list(pairs))
        self._headers = headers or {}
        self._complaints: list[str] = []
        self.sent: list[httpx.Request] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        left = [f"never asked: {p.request.method} {p.request.path}" for p in self._pairs]
        complaints = self._complaints + left
        if complaints:
            raise AssertionError("\n".join(complaints)) from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await _announce(request)
        self.sent.append(request)
        pair = next(self._pairs, None)
        if pair is None:
            raise self._refusal(f"not recorded: {request.method} {request.url.raw_path.decode()}")
        for difference in self._differences(pair.request, request):
            raise self._refusal(f"{request.method} {request.url.path}: {difference}")
        answer = pair.response
        headers = {"content-type": "application/json", **answer.headers}
        return httpx.Response(
            answer.status, headers=headers, content=answer.content, request=request
        )

    def _refusal(self, complaint: str) -> AssertionError:
        self._complaints.append(complaint)
        return AssertionError(complaint)

    def _differences(self, expected: Request, request: httpx.Request) -> Iterator[str]:
        said: dict[str, Any] = {
            "method": (expected.method, request.method),
            "path": (expected.path, request.url.raw_path.decode().partition("?")[0]),
            "query": (_listed(expected.query), _listed(_query(request))),
            "json": (expected.json, _json(request)),
        }
        said |= {h: (value, request.headers.get(h)) for h, value in self._headers.items()}
        for what, (recorded, asked) in said.items():
            if recorded != asked:
                yield f"{what} is\n  {asked!r}\nand not, as recorded,\n  {recorded!r}"


async def _announce(request: httpx.Request) -> None:
    """Fire what httpcore fires when a connection stands and no byte has left."""
    trace = request.extensions.get("trace")
    if trace is not None:
        wired = httpcore.Request(request.method, str(request.url))
        await trace("http11.send_request_headers.started", {"request": wired})


def _query(request: httpx.Request) -> dict[str, str | list[str]]:
    return {name: request.url.params.get_list(name) for name in request.url.params}


def _listed(query: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else value for name, value in query.items()}


def _json(request: httpx.Request) -> Any:
    return msgspec.json.decode(request.content) if request.content else msgspec.UNSET
