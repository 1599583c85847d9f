"""What travels between ledger, flows and providers: calls to place, submissions, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from campaign.words import AnsweredBy, Outcome, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """One person to be called in one attempt."""

    key: str
    """Ours, unique for an attempt over all campaigns; echoed by the provider where it can."""
    to: str
    """E.164."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    from_number: str | None = None
    """The caller's number or its id at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything that one submission's body is made of.

    Frozen into bytes once, before anything is sent.
    """

    tag: str
    """Ours, unique for a submission, at most 40 characters of `[a-z0-9-]`."""
    label: str
    """The campaign's name, for the provider's dashboard; may be cut."""
    calls: tuple[CallRequest, ...]
    from_numbers: tuple[str, ...] = ()
    concurrency: int = 10
    start_at: datetime | None = None
    """Aware UTC: dial no earlier (the guard in which doubt is settled); None: at once."""
    stop_at: datetime | None = None
    """Aware UTC: start no new call later; None: no limit. Honoured where the provider can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's clear yes to a submission."""

    provider_batch_id: str
    """The provider's id; for a provider without batches, our tag."""
    call_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """Provider call id by our key, as far as the answer tells."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """Reason by our key, for calls that the provider refused one by one."""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRef:
    """What a provider needs to find one submission again."""

    tag: str
    provider_batch_id: str | None
    since: datetime
    """Aware UTC: not sent before this."""
    keys: frozenset[str] = frozenset()
    """The keys of its calls."""

    def named(self, provider_batch_id: str) -> "SubmissionRef":
        """Return the same submission as the provider has it under another id."""
        return replace(self, provider_batch_id=provider_batch_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRef:
    """What a provider needs to look at a batch and to page through its calls."""

    submissions: tuple[SubmissionRef, ...]
    """The accepted ones, or those in doubt that may have calls."""
    open_calls: Mapping[str, str] = field(default_factory=dict[str, str])
    """Key by provider call id, for calls known to exist and not known to be over."""

    @property
    def since(self) -> datetime:
        """Aware UTC: no call of this batch is older."""
        return min(submission.since for submission in self.submissions)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all its calls."""
        return frozenset[str]().union(*(submission.keys for submission in self.submissions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A submission that a look-up by tag brought to light."""

    provider_batch_id: str
    created_at: datetime | None = None
    dialling: bool = True
    """False only if the provider says that it has not begun to dial."""
    call_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """Provider call id by our key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStatus:
    """One look at a batch."""

    progress: Progress
    word: str = ""
    """The provider's own word."""
    total: int | None = None
    remaining: int | None = None
    """Calls that are not over; None: the provider does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One telephone call at a provider, in our vocabulary.

    Times are aware UTC, durations seconds, money USD.
    """

    id: str
    key: str | None
    """Our key as the provider echoes it; None: it does not."""
    to: str | None
    """E.164 if the provider tells."""
    over: bool
    """The call has ended, or will never take place. Its late fields may still be missing."""
    outcome: Outcome
    """`UNKNOWN` until it is over, and for a word never seen before."""
    ended_reason: str = ""
    """The provider's own words."""
    answered_by: AnsweredBy | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    cost_usd: Decimal | None = None
    transcript: str | None = None
    """Plain text, one line per turn, `agent: ...` / `person: ...`."""
    recording_url: str | None = None
    analysis: str | None = None
    """JSON text."""
    opted_out: bool = False
    """The person asked not to be called again."""
    missing: frozenset[str] = frozenset()
    """Late fields that the provider will still bring (`transcript`, `cost`, `recording`,
    `analysis`, `outcome`).
    """
    needs_detail: bool = False
    """The list lacks what the single read has: read it singly before the attempt is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCall:
    """One row of a provider's page: the raw bytes always, the call if they could be read."""

    raw: bytes
    """JSON as the provider sent it, scrubbed of secrets."""
    call: Call | None
    problem: str = ""
    """Why the row could not be read; holds no value of the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of calls.

    `next` is None on the last page; otherwise opaque, and never seen before in the same sweep.
    """

    calls: tuple[ListedCall, ...]
    next: str | None = None
    total: int | None = None
    """What the provider says it has; never trusted for the end of paging."""
