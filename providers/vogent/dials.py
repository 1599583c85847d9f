"""A Vogent dial, and what its words mean."""

from typing import Annotated, Any

import msgspec

from campaign.calls import Call
from campaign.words import AnsweredBy, Outcome
from providers import dialogue
from providers.mending import decode
from providers.moments import moment
from providers.rows import scrubber, text_of

KEY, TAG = "outdial_key", "outdial_tag"
SECRETS = frozenset({"linkedFunctionDefinitions", "metadata", "transcriberParams"})
"""Parts of the agent's configuration, which every dial quotes."""
scrub = scrubber((), {"agent": ("id", "name")})

# The order counts: a dial has two words, and the first line that has one of them decides.
# docs.vogent.ai/developers/dial-statuses and /api-reference/get-dial; those marked * are only in
# the vendor's own web client.
OUTCOMES = {
    "VOICEMAIL_DETECTED_HANGUP": Outcome.VOICEMAIL,
    "VOICEMAIL_LEFT": Outcome.VOICEMAIL,  # *
    "VOICEMAIL_NOT_LEFT": Outcome.VOICEMAIL,  # *
    "TRANSFERRED": Outcome.TRANSFERRED,
    "BUSY": Outcome.BUSY,
    "busy": Outcome.BUSY,
    "NO_ANSWER": Outcome.NO_ANSWER,
    "no-answer": Outcome.NO_ANSWER,
    "CANCELLED": Outcome.CANCELLED,
    "canceled": Outcome.CANCELLED,
    "RATE_LIMITED": Outcome.FAILED,
    "DNC_SKIPPED": Outcome.CANCELLED,  # *
    "NUMBER_SKIPPED": Outcome.CANCELLED,  # *
    "FAILED": Outcome.FAILED,
    "failed": Outcome.FAILED,
}
# Only with status `completed`: somebody or something has picked up.
HANGUPS = frozenset({"AGENT_HANGUP", "COUNTERPARTY_HANGUP", "USER_HANGUP"})
TERMINAL = frozenset({"completed", "failed", "canceled", "busy", "no-answer"})
_ANSWERED_BY = {
    Outcome.VOICEMAIL: AnsweredBy.MACHINE,
    Outcome.TRANSFERRED: AnsweredBy.HUMAN,
    Outcome.ANSWERED: AnsweredBy.HUMAN,
}


class _Turn(msgspec.Struct, rename="camel"):
    text: str | None = None
    speaker: str | None = None
    detail_type: str | None = None


class _Recording(msgspec.Struct):
    url: str | None = None


class Dial(msgspec.Struct, rename="camel"):
    """Only the id is guaranteed. Durations are seconds."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    to_number: str | None = None
    status: str | None = None
    system_result_type: str | None = None
    duration_seconds: float | None = None
    ai_duration_seconds: float | None = None
    started_at: str | None = None
    ended_at: str | None = None
    inputs: dict[str, Any] | None = None
    transcript: list[_Turn] | None = None
    recordings: list[_Recording] | None = None
    ai_result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @property
    def over(self) -> bool:
        """A word never seen before is not taken for an end."""
        return self.status in TERMINAL

    @property
    def person_spoke(self) -> bool:
        """The transcript has a line of theirs."""
        turns = self.transcript or []
        return any((turn.speaker or "").upper() == "HUMAN" and turn.text for turn in turns)

    @property
    def outcome(self) -> Outcome:
        """The first of our words that one of theirs stands for."""
        if not self.over:
            return Outcome.UNKNOWN
        said = {self.system_result_type, self.status}
        return next((OUTCOMES[word] for word in OUTCOMES if word in said), self._of_a_pick_up)

    @property
    def _of_a_pick_up(self) -> Outcome:
        result = self.system_result_type
        if result in HANGUPS or result == "LONG_SILENCE_HANGUP":
            return Outcome.ANSWERED
        if result == "TIMEOUT":
            talked = bool(self.ai_duration_seconds) or self.person_spoke
            return Outcome.ANSWERED if talked else Outcome.NO_ANSWER
        if not result and self.person_spoke:
            return Outcome.ANSWERED
        return Outcome.UNKNOWN

    @property
    def answered_by(self) -> AnsweredBy | None:
        """Who picked up, as far as the words prove it."""
        who = _ANSWERED_BY.get(self.outcome)
        # These two end a call on a silent line as well as on a person.
        silent = self.system_result_type in {"LONG_SILENCE_HANGUP", "TIMEOUT"}
        if who is AnsweredBy.HUMAN and silent and not self.person_spoke:
            return AnsweredBy.UNKNOWN
        return who


def read(row: bytes) -> Call:
    """Read a dial. Raises `ValueError`."""
    dial = decode(row, Dial)
    key = (dial.inputs or {}).get(KEY)
    return Call(
        id=dial.id,
        key=key if isinstance(key, str) else None,
        to=dial.to_number or None,
        over=dial.over,
        outcome=dial.outcome,
        ended_reason=dial.system_result_type or dial.status or "",
        answered_by=dial.answered_by,
        started_at=moment(dial.started_at),
        ended_at=moment(dial.ended_at),
        duration_seconds=_first(dial.duration_seconds, dial.ai_duration_seconds),
        transcript=_transcript(dial),
        recording_url=next((r.url for r in dial.recordings or [] if r.url), None),
        analysis=text_of(dial.ai_result),
        opted_out=dial.system_result_type == "DNC_SKIPPED",
        missing=_missing(dial),
    )


def _missing(dial: Dial) -> frozenset[str]:
    """Only a call that was picked up has them, and only they come late."""
    if dial.status != "completed":
        return frozenset()
    there = {
        "transcript": bool(dial.transcript),
        "recording": bool(dial.recordings),
        "analysis": text_of(dial.ai_result) is not None,
    }
    return frozenset(name for name, brought in there.items() if not brought)


def _transcript(dial: Dial) -> str | None:
    """Without the results of functions, which nobody spoke."""
    turns = [turn for turn in dial.transcript or [] if turn.detail_type != "function"]
    return dialogue.from_turns((turn.speaker or "", turn.text or "") for turn in turns)


def _first(*durations: float | None) -> float | None:
    return next((seconds for seconds in durations if seconds is not None), None)
