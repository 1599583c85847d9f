"""What a provider's dialect is made of, and the world it lives in.

A dialect is a class with a mount, endpoints, and the provider's ways of reading a key and of saying
no. Its handlers are plain synchronous functions from `Exchange` to `Answer`: they validate, act on
`world.network`, and answer. Authorisation, faults, the ledger and the wire are the gate's business.
Handlers never wait and never look at a clock but `exchange.now` / `exchange.seen_at`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.clock import Clock
from simulator.exchange import Answer, Exchange
from simulator.ledger import Ledger
from simulator.network import Network

Handler: TypeAlias = Callable[[Exchange], Answer]

RouteClass: TypeAlias = Literal[
    "submit", "start", "status", "list", "page", "detail", "cancel", "recording", "check", "other"
]
"""What a request is for.

`submit` hands over people to call, `start` sets a submitted batch going, `status` looks at one
batch, `list` looks for batches (or, without batches, for submissions), `page` reads calls, `detail`
one call, `cancel` stops or pauses, `recording` fetches audio, `check` proves the key.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where things are in the JSON of a good answer, so that faults can find them.

    Dotted paths; `""` is the top.
    """

    rows: str | None = None
    """The list of a page."""
    row_id: str = "id"
    """The id within a row."""
    ids: Sequence[str] = ()
    """What a submission is known by, such as `("data.batch_id",)`."""
    cursor: str | None = None
    """The next page's cursor or flag."""
    cursor_param: str | None = None
    """The query parameter that brings a cursor, page or offset back."""
    limit_param: str | None = None
    """The query parameter for the length of a page."""
    total: str | None = None
    """The number of rows over all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One route of a provider's API."""

    method: str
    template: str
    """Starlette's path under the mount, such as `/v2/batches/{batch_id}`."""
    route: RouteClass
    handler: Handler
    dials: bool = False
    """A good request here makes telephones ring, at once or at a given time."""
    shape: Shape = field(default_factory=Shape)
    needs_key: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that exists between two resets.

    A dialect keeps its own state in its own attributes.
    """

    clock: Clock
    network: Network
    ledger: Ledger


class Dialect(Protocol):
    """One provider's API. Made anew, from its settings and the world, at every reset."""

    @property
    def name(self) -> str:
        """The provider, as in `/__ledger?provider=`."""
        ...

    @property
    def mount(self) -> str:
        """Where it is served, such as `/vogent/api`."""
        ...

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Its routes; the first that matches is taken."""
        ...

    def key(self, headers: Headers) -> str | None:
        """The API key, if it is there in exactly the form that the provider wants."""
        ...

    def refusal(self, status: int, message: str) -> Answer:
        """The provider's error shape.

        Used for a wrong key (401), an unknown path (404) or method (405), and by faults.
        """
        ...

    def invalid(self, error: ValidationError) -> Answer:
        """The provider's answer to a body or query that does not parse (see `exchange.explain`)."""
        ...
