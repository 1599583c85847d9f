"""What Bland's words for a call and for a batch mean."""

from dataclasses import dataclass

from campaign.words import AnsweredBy, Outcome, Progress

# docs.bland.ai/api-v1/get/calls-id
TERMINAL_QUEUE = frozenset(
    {"complete", "completed", "pre_queue_error", "queue_error", "call_error", "complete_error"}
)
LIVE_QUEUE = frozenset({"new", "queued", "allocated", "started"})
TERMINAL_STATUS = frozenset({"completed", "failed", "busy", "no-answer", "canceled", "cancelled"})
_KNOWN_STATUS = TERMINAL_STATUS | {"unknown", None}

# The order counts: the first line that is true of a call decides. `complete_error` is no failure:
# the call was fine, and something after it failed.
OUTCOMES = {
    ("queue_status", "pre_queue_error"): Outcome.FAILED,
    ("queue_status", "queue_error"): Outcome.FAILED,
    ("status", "canceled"): Outcome.CANCELLED,
    ("status", "cancelled"): Outcome.CANCELLED,
    ("status", "busy"): Outcome.BUSY,
    ("answered_by", "busy"): Outcome.BUSY,
    ("status", "no-answer"): Outcome.NO_ANSWER,
    ("answered_by", "no-answer"): Outcome.NO_ANSWER,
    ("answered_by", "voicemail"): Outcome.VOICEMAIL,
    ("answered_by", "machine"): Outcome.VOICEMAIL,
    ("status", "failed"): Outcome.FAILED,
    ("queue_status", "call_error"): Outcome.FAILED,
    ("transferred", True): Outcome.TRANSFERRED,
    ("answered_by", "human"): Outcome.ANSWERED,
}
ANSWERED_BY = {
    "human": AnsweredBy.HUMAN,
    "voicemail": AnsweredBy.MACHINE,
    "machine": AnsweredBy.MACHINE,
    "unknown": AnsweredBy.UNKNOWN,
}

# docs.bland.ai/api-v2/post/batches, of the status webhook: the log has the same words.
PROGRESS = {
    "validating": Progress.RUNNING,
    "dispatching": Progress.RUNNING,
    "in_progress": Progress.RUNNING,
    "in_progress_chunked": Progress.RUNNING,
    "waiting_for_scheduled_calls": Progress.SCHEDULED,
    "completed": Progress.COMPLETED,
    "completed_partial": Progress.COMPLETED,
    "failed": Progress.FAILED,
}
LEGACY_PROGRESS = {"in-progress": Progress.RUNNING, "completed": Progress.COMPLETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a call's row says about how it went, before it is translated."""

    queue_status: str | None
    status: str | None
    answered_by: str | None
    completed: bool | None
    transferred: bool
    person_spoke: bool
    seconds: float | None
    transcript_known: bool

    @property
    def decided_by_evidence(self) -> bool:
        """No word decides; what was said and for how long may."""
        return over(self) and _by_words(self) is None


def over(said: Said) -> bool:
    """The call has ended, by words that are known to say so; `unknown` alone does not."""
    queue = _normal(said.queue_status, "-", "_")
    if queue in TERMINAL_QUEUE or _normal(said.status, "_", "-") in TERMINAL_STATUS:
        return True
    return bool(said.completed) and queue not in LIVE_QUEUE


def outcome(said: Said) -> Outcome:
    """Translate a call's words; `UNKNOWN` while it is not over."""
    if not over(said):
        return Outcome.UNKNOWN
    return _by_words(said) or _by_evidence(said)


def _by_words(said: Said) -> Outcome | None:
    words = {
        ("queue_status", _normal(said.queue_status, "-", "_")),
        ("status", _normal(said.status, "_", "-")),
        ("answered_by", _normal(said.answered_by, "_", "-")),
        ("transferred", said.transferred),
    }
    return next((OUTCOMES[word] for word in OUTCOMES if word in words), None)


def _by_evidence(said: Said) -> Outcome:
    """Where nobody says who picked up: "unknown is most likely a person" if a person spoke."""
    strange = (
        _normal(said.answered_by, "_", "-") not in {None, "unknown"}
        or _normal(said.status, "_", "-") not in _KNOWN_STATUS
        or _normal(said.queue_status, "-", "_") not in TERMINAL_QUEUE | {None}
    )
    if strange or not said.transcript_known:
        return Outcome.UNKNOWN
    if said.person_spoke:
        return Outcome.ANSWERED
    return Outcome.NO_ANSWER if said.seconds is not None and said.seconds < 1 else Outcome.UNKNOWN


def _normal(word: str | None, spelt: str, ours: str) -> str | None:
    """Spellings vary: `no_answer`, `no-answer`, capitals."""
    return word.strip().lower().replace(spelt, ours) if word else None
