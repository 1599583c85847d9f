"""State machines as data: what may follow what. Anything else is refused.

A batch is what a flow looks after; a submission is one request that makes a provider dial. A
provider with batches of its own gets one submission per batch, a provider that takes calls one by
one gets many, and doubt is always about one submission.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from campaign.errors import IllegalTransition


class CampaignState(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NEEDS_ATTENTION = "needs_attention"


class RecipientState(StrEnum):
    """What the campaign knows about a person. The books are counts over these."""

    READY = "ready"
    """To be called, now or when `due_at` comes."""
    OPEN = "open"
    """An attempt is under way."""
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    HELD = "held"
    """It is in doubt whether a call was placed: nobody dials before that is settled."""

    @property
    def closed(self) -> bool:
        """The campaign has finished with this person."""
        return self not in {RecipientState.READY, RecipientState.OPEN}


class AttemptState(StrEnum):
    """One counted try to reach one recipient."""

    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"

    @property
    def open(self) -> bool:
        """A call may still come of it."""
        return self in {AttemptState.ASSIGNED, AttemptState.SUBMITTED, AttemptState.HELD}


class SubmissionState(StrEnum):
    """One request to a provider's dialling endpoint."""

    PLANNED = "planned"
    """Provably nothing was sent (or the provider provably did nothing)."""
    INTENT = "intent"
    """Claimed by a runner; the wire mark tells whether a byte may have left."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    HELD = "held"
    ABANDONED = "abandoned"


class BatchState(StrEnum):
    """What a flow still has to do for a batch."""

    SUBMITTING = "submitting"
    """A submission is planned, in flight or in doubt."""
    COLLECTING = "collecting"
    """Every submission is decided; calls are being collected."""
    SETTLED = "settled"
    REJECTED = "rejected"
    HELD = "held"
    """All that could be collected is; a submission is in doubt and still looked for."""

    @property
    def over(self) -> bool:
        """No flow needs to wait for it."""
        return self in {BatchState.SETTLED, BatchState.REJECTED, BatchState.HELD}


CAMPAIGN: Mapping[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.RUNNING, CampaignState.CANCELLED}),
    CampaignState.RUNNING: frozenset(
        {
            CampaignState.PAUSED,
            CampaignState.CANCELLING,
            CampaignState.COMPLETED,
            CampaignState.NEEDS_ATTENTION,
        }
    ),
    CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.CANCELLING}),
    CampaignState.CANCELLING: frozenset({CampaignState.CANCELLED, CampaignState.NEEDS_ATTENTION}),
    CampaignState.CANCELLED: frozenset(),
    # A finished campaign runs again when its list grew or a doubt was settled.
    CampaignState.COMPLETED: frozenset({CampaignState.RUNNING, CampaignState.NEEDS_ATTENTION}),
    CampaignState.NEEDS_ATTENTION: frozenset(
        {CampaignState.RUNNING, CampaignState.COMPLETED, CampaignState.CANCELLING}
    ),
}

ATTEMPT: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.ASSIGNED: frozenset(
        {
            AttemptState.SUBMITTED,
            # A call of a submission in doubt was listed before the submission was found.
            AttemptState.DONE,
            AttemptState.FAILED,
            AttemptState.HELD,
            AttemptState.SKIPPED,
        }
    ),
    AttemptState.SUBMITTED: frozenset(
        {AttemptState.DONE, AttemptState.FAILED, AttemptState.HELD, AttemptState.SKIPPED}
    ),
    # Adopted late, released by an operator, or given up.
    AttemptState.HELD: frozenset(
        {
            AttemptState.ASSIGNED,
            AttemptState.SUBMITTED,
            AttemptState.DONE,
            AttemptState.FAILED,
        }
    ),
    AttemptState.DONE: frozenset(),
    AttemptState.FAILED: frozenset(),
    AttemptState.SKIPPED: frozenset(),
}

SUBMISSION: Mapping[SubmissionState, frozenset[SubmissionState]] = {
    # Accepted: a runner that was overtaken got its answer after all, or a call of it is known.
    # Unknown: the provider shows what is to be sent again.
    SubmissionState.PLANNED: frozenset(
        {
            SubmissionState.INTENT,
            SubmissionState.UNKNOWN,
            SubmissionState.ABANDONED,
            SubmissionState.ACCEPTED,
        }
    ),
    SubmissionState.INTENT: frozenset(
        {
            SubmissionState.PLANNED,
            SubmissionState.ACCEPTED,
            SubmissionState.REJECTED,
            SubmissionState.UNKNOWN,
        }
    ),
    SubmissionState.UNKNOWN: frozenset(
        {SubmissionState.ACCEPTED, SubmissionState.HELD, SubmissionState.PLANNED}
    ),
    SubmissionState.HELD: frozenset(
        {SubmissionState.ACCEPTED, SubmissionState.PLANNED, SubmissionState.ABANDONED}
    ),
    # Created, never started, and no longer to be.
    SubmissionState.ACCEPTED: frozenset({SubmissionState.ABANDONED}),
    # What was sent before a person vouched for it turns up, and only its repetition was refused.
    SubmissionState.REJECTED: frozenset({SubmissionState.ACCEPTED}),
    # Given up; a call that turns up all the same is adopted.
    SubmissionState.ABANDONED: frozenset({SubmissionState.ACCEPTED}),
}

BATCH: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.SUBMITTING: frozenset(
        {BatchState.COLLECTING, BatchState.REJECTED, BatchState.HELD, BatchState.SETTLED}
    ),
    BatchState.COLLECTING: frozenset({BatchState.SETTLED, BatchState.HELD}),
    # Re-opened by late calls, or by the adoption or release of a held submission.
    BatchState.SETTLED: frozenset({BatchState.COLLECTING}),
    BatchState.HELD: frozenset(
        {BatchState.SUBMITTING, BatchState.COLLECTING, BatchState.SETTLED, BatchState.REJECTED}
    ),
    # What was refused or given up turned up all the same.
    BatchState.REJECTED: frozenset({BatchState.COLLECTING, BatchState.SETTLED, BatchState.HELD}),
}

_State = TypeVar("_State", bound=StrEnum)


def move(machine: Mapping[_State, frozenset[_State]], current: _State, following: _State) -> _State:
    """Return `following` if the machine allows it; a state may always follow itself.

    Raises `IllegalTransition`.
    """
    if following is not current and following not in machine[current]:
        raise IllegalTransition(current.value, following.value)
    return following


def before(machine: Mapping[_State, frozenset[_State]], following: _State) -> list[_State]:
    """Every state that `following` may come after: the guard of an UPDATE."""
    return [state for state, nexts in machine.items() if following in nexts]
