"""The vocabulary that every provider is translated into."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one call, in one vocabulary for all providers."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID_NUMBER = "invalid_number"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def reached(self) -> bool:
        """A person was on the line."""
        return self in {Outcome.ANSWERED, Outcome.TRANSFERRED}


class AnsweredBy(StrEnum):
    """Who picked up."""

    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class Progress(StrEnum):
    """How far a provider is with a batch, in one vocabulary for all providers."""

    CREATED = "created"
    """Accepted, and does not dial before it is started."""
    SCHEDULED = "scheduled"
    """Accepted, and will start dialling by itself."""
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A word that we have never seen: looked at again, never final."""

    @property
    def over(self) -> bool:
        """The provider will place no further call of this batch."""
        return self in {Progress.COMPLETED, Progress.CANCELLED, Progress.FAILED}
