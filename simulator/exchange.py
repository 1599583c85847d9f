"""One request as a dialect sees it, and the answer it gives: no sockets, no waiting, no faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers, QueryParams

from simulator.calls import Call, State

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a dialect answers. `body` is a JSON value, or bytes that are sent as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def with_body(self, body: Any) -> "Answer":
        """The same with another body."""
        return replace(self, body=body)

    def encode(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


class Refused(Exception):
    """Raised anywhere in a handler to answer at once, with no effect."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with status {answer.status}")
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One authorised request. The network has been advanced to `now` before a handler sees it.

    A handler reads calls as of `seen_at` and lists only what is `visible`: a fault may show an
    older world, or hide what is new, without the dialect's knowledge.
    """

    account: str
    """The API key it came with: the name of an account."""
    method: str
    path: str
    params: Mapping[str, str]
    """Path parameters by name."""
    query: QueryParams
    headers: Headers
    body: bytes
    body_sha256: str
    now: float
    base_url: str
    """Where the provider is mounted, without trailing slash: for links to recordings."""
    lag: float = 0.0
    """Seconds for which lists hide new rows."""
    stale: float = 0.0
    """Seconds by which reads are behind."""

    @property
    def seen_at(self) -> float:
        """The moment whose state reads show: now, unless a fault says otherwise."""
        return self.now - self.stale

    def visible(self, born_at: float) -> bool:
        """A row born at a moment is already shown in lists."""
        return born_at <= self.now - self.lag

    def shows(self, call: Call) -> bool:
        """A call is already shown in lists. A dropped one never is."""
        return not call.dropped and self.visible(call.created_at)

    def state(self, call: Call) -> State:
        """Where a call is, as this request may see it."""
        return call.state(self.seen_at)

    def at(self, now: float) -> "Exchange":
        """The same, handled at another moment."""
        return replace(self, now=now)

    def looking_back(self, *, lag: float = 0.0, stale: float = 0.0) -> "Exchange":
        """The same with lists that lag, or reads that are behind, by at least so many seconds."""
        return replace(self, lag=max(self.lag, lag), stale=max(self.stale, stale))

    def asking(self, query: Mapping[str, str]) -> "Exchange":
        """The same with another query."""
        return replace(self, query=QueryParams(dict(query)))

    def parse(self, model: type[_Model]) -> _Model:
        """The body as a model.

        Raises `ValidationError`, which the gate turns into the provider's own words.
        """
        return model.model_validate_json(self.body or b"null")

    def parse_query(self, model: type[_Model]) -> _Model:
        """The query as a model: the last value of each name; raises `ValidationError`."""
        return model.model_validate(dict(self.query))


def explain(error: ValidationError) -> list[str]:
    """One line for each problem: where it is and what is wrong, without the value that was sent."""
    return [
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
