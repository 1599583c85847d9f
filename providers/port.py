"""What every provider offers, and the facts that it must state about itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel

from campaign.calls import (
    BatchRef,
    BatchStatus,
    Found,
    ListedCall,
    Order,
    Page,
    Receipt,
    SubmissionRef,
)
from providers.http import Http

Source = Literal["list", "detail", "transcript call", "none"]

Fence = Callable[[], Awaitable[None]]
"""Awaited at the last moment before a request's first byte; whatever it raises stops the request
with nothing sent.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """Facts, not behaviour: the README's provider table is printed from these.

    No field has a default: a new provider must answer every question.
    """

    native_batch: bool
    """The provider has a batch object with an id of its own; otherwise the batch is ours."""
    two_phase_start: bool
    """Creating dials nobody; a second request, by id, starts it."""
    start_in_future: timedelta | None
    """The least lead of a start time that the provider accepts; None: it knows no start time."""
    stop_in_future: bool
    """A last moment for new calls can be said with the submission, so that the provider keeps to it
    even if we are gone."""
    finds_by_tag: bool
    """A submission in doubt can be looked up by our tag or by our keys."""
    echoes_key: bool
    """Our key comes back with each call."""
    cancels: Literal["batch", "calls", "pause only", "no"]
    """What can be stopped once it is submitted."""
    pauses: bool
    page_limit: int
    """Calls on a page, as we ask for them."""
    batch_limit: int
    """Calls in one submission, at most: also what one lost answer leaves in doubt."""
    concurrency_setting: bool
    """The number of simultaneous calls can be set with the submission; otherwise we pace the
    submissions.
    """
    counters: bool
    """The status tells how many calls are left."""
    lists_only_own: bool
    """The list of calls holds this batch's calls and no others."""
    transcript_from: Source
    cost_from: Source
    no_effect: frozenset[int]
    """Answers to a submit that prove that nothing was done."""
    listing_lag: timedelta
    """How long a new submission may be missing from the look-up. Documented nowhere: assumed."""
    requests_per_second: float
    """Requests that we allow ourselves for one account."""


NO_EFFECT = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 431})
"""Refusals that a server gives before it acts. Not 408, 409, 425, 429 and no 5xx."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a credentials check found out."""

    detail: str
    """One line for a person, such as the plan or what is left of it."""
    warnings: tuple[str, ...] = ()


class Provider(Protocol):
    """One account at one provider, opened with a campaign's `agent` block."""

    base_url: ClassVar[str]
    """The live API, without trailing slash."""
    Agent: ClassVar[type[BaseModel]]
    """The shape of the campaign file's `agent` block; refuses unknown keys."""
    secrets: ClassVar[frozenset[str]]
    """Names of fields in answers that hold other people's secrets, for the tests of the scrubbing.
    """

    @property
    def capabilities(self) -> Capabilities:
        """The facts, for the API generation that the agent block chose."""
        ...

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        ...

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """Return the facts by API generation, named as in the agent block; "" if there is one."""
        ...

    @classmethod
    async def check(cls, http: Http) -> Account:
        """Prove that the key works, without any effect. Raises `Unauthorized`."""
        ...

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """Open with the agent block; it is validated here. Raises `pydantic.ValidationError`."""
        ...

    def compose(self, order: Order) -> bytes:
        """Return the exact body of the submission. Pure. Raises `Unsupported`."""
        ...

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Send a composed body, once.

        Raises `Stopped` or `NotSent` (nothing left), `RateLimited` (refused, nothing done),
        `Rejected` or `Unauthorized` (refused, nothing done), `Ambiguous` (anything else).
        """
        ...

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Look a submission up by its tag, then by its keys, over all pages.

        An empty list is no proof of absence.
        """
        ...

    async def tags(self, since: datetime) -> frozenset[str]:
        """Return every tag that the provider shows of what was submitted since, ours or not.

        For the proof that our ledger is not an old copy of itself: best effort, never complete.
        """
        ...

    async def status(self, batch: BatchRef) -> BatchStatus:
        """Look once at the batch."""
        ...

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return one page of the batch's calls, never filtered by state.

        It may hold foreign calls (`lists_only_own`).
        """
        ...

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call with everything that the list lacks. Raises `NotFound`."""
        ...

    async def stop(self, batch: BatchRef) -> None:
        """Ask that no further call be placed, as far as `cancels` allows; safe to repeat."""
        ...


@runtime_checkable
class Starts(Protocol):
    """Offered where creating does not dial (`two_phase_start`)."""

    async def verify(self, submission: SubmissionRef) -> None:
        """Prove that the created batch holds exactly our calls.

        Raises `Rejected` if it does not, `Transient` if not yet.
        """
        ...

    async def start(self, submission: SubmissionRef, fence: Fence) -> None:
        """Start it; by id, so it is safe to repeat. Raises like `Provider.submit`."""
        ...


@runtime_checkable
class Pauses(Protocol):
    """Offered where a batch can be held back and let go on (`pauses`)."""

    async def pause(self, batch: BatchRef) -> None:
        """Ask that no further call be placed until `resume`."""
        ...

    async def resume(self, batch: BatchRef, fence: Fence) -> None:
        """Let it go on."""
        ...
