"""A Bland call as it is listed or read singly, the same for both generations of batches."""

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import msgspec

from campaign.calls import Call
from campaign.words import AnsweredBy, Outcome
from providers import dialogue
from providers.bland.words import ANSWERED_BY, Said, outcome, over
from providers.mending import decode
from providers.moments import moment
from providers.rows import scrubber, text_of

KEY, TAG = "outdial_key", "outdial_tag"
# A call may quote the whole request that made it, with its tools' headers.
SECRETS = frozenset(
    {"Authorization", "api_key", "auth_token", "authorization", "encrypted_key", "headers"}
)
scrub = scrubber(SECRETS, {})
_AGENT_ROLES = frozenset({"agent", "assistant", "robot"})
_SHORTEST_WITH_COUNTRY_CODE = 11


class _Turn(msgspec.Struct):
    text: str | None = None
    user: str | None = None


class CallRow(msgspec.Struct):
    """Every field may be missing or null."""

    call_id: str | None = None
    c_id: str | None = None
    batch_id: str | None = None
    to: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    completed: bool | None = None
    queue_status: str | None = None
    status: str | None = None
    call_length: float | None = None
    corrected_duration: Any = None
    answered_by: Any = None
    call_ended_by: str | None = None
    transferred_to: str | None = None
    warm_transfer_call: Any = None
    transcripts: list[_Turn] | msgspec.UnsetType | None = msgspec.UNSET
    concatenated_transcript: str | None = None
    summary: str | None = None
    disposition_tag: str | None = None
    analysis: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    metadata: Any = msgspec.UNSET
    request_data: Any = None
    variables: Any = None
    record: bool | None = None
    recording_url: str | None = None
    price: Decimal | None = None

    @property
    def id(self) -> str | None:
        """The list may know it by its short name only."""
        return self.call_id or self.c_id or None

    @property
    def said(self) -> Said:
        """The words that decide the outcome."""
        return Said(
            queue_status=self.queue_status,
            status=self.status,
            # The legacy reference calls it an array with one text in it.
            answered_by=_text(self.answered_by),
            completed=self.completed,
            transferred=self._transferred,
            person_spoke=any(turn.user == "user" and turn.text for turn in self.turns),
            seconds=self.seconds,
            transcript_known=self.transcripts is not msgspec.UNSET,
        )

    @property
    def turns(self) -> list[_Turn]:
        """What was said, if it was sent along."""
        return [] if isinstance(self.transcripts, msgspec.UnsetType) else self.transcripts or []

    @property
    def seconds(self) -> float | None:
        """The corrected duration, in seconds as text; else the call's length, in minutes."""
        try:
            corrected = float(self.corrected_duration)
        except (TypeError, ValueError):
            corrected = math.nan
        if math.isfinite(corrected) and corrected >= 0:
            return corrected
        return None if self.call_length is None else round(self.call_length * 60, 3)

    @property
    def _transferred(self) -> bool:
        warm = _object(self.warm_transfer_call)
        return warm.get("state") == "MERGED" if warm else bool(self.transferred_to)

    def ours(self, name: str) -> str | None:
        """Our tag or key, from whichever place it is echoed in."""
        places = (self.metadata, self.variables, self.request_data)
        echoes = [_object(place) for place in places]
        echoes += [_object(echo.get("metadata")) for echo in echoes]
        return next((v for echo in echoes if isinstance(v := echo.get(name), str)), None)


def reader(*, detailed: bool) -> Callable[[bytes], Call]:
    """Return what reads a row of a list, or a call that was read singly (`detailed`)."""

    def read(content: bytes) -> Call:
        row = decode(content, CallRow)
        if row.id is None:
            raise msgspec.ValidationError("the row has no call id")
        said = row.said
        became, ended = outcome(said), over(said)
        started = moment(row.started_at)
        lasted = None if row.seconds is None else timedelta(seconds=row.seconds)
        transcript = _transcript(row)
        return Call(
            id=row.id,
            key=row.ours(KEY),
            to=_e164(row.to),
            over=ended,
            outcome=became,
            ended_reason=", ".join(_words(row)) if ended else "",
            answered_by=_answered_by(said, became),
            started_at=started,
            # `end_at` is the latest possible end, not the end.
            ended_at=started + lasted if ended and started and lasted is not None else None,
            duration_seconds=row.seconds,
            cost_usd=row.price,
            transcript=transcript,
            recording_url=row.recording_url or None,
            analysis=_analysis(row),
            missing=_missing(row, became, transcript) if ended else frozenset(),
            needs_detail=ended and not detailed and _lacks(row, became),
        )

    return read


def _missing(row: CallRow, became: Outcome, transcript: str | None) -> frozenset[str]:
    spoken = became.reached
    late = {
        "cost": row.price is None,
        # It may follow a minute after the end; until then the transcript has decided.
        "outcome": row.said.decided_by_evidence and row.said.answered_by is None,
        "transcript": spoken and transcript is None,
        "recording": spoken and bool(row.record) and not row.recording_url,
        "analysis": spoken and _analysis(row) is None,
    }
    return frozenset(name for name, is_missing in late.items() if is_missing)


def _lacks(row: CallRow, became: Outcome) -> bool:
    """What only the single read is sure to have: who it is, how it went, what it cost."""
    unanswered = became in {Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED, Outcome.CANCELLED}
    quiet = unanswered or row.transcripts is not msgspec.UNSET
    return row.ours(KEY) is None or row.status is None or row.price is None or not quiet


def _answered_by(said: Said, became: Outcome) -> AnsweredBy | None:
    who = ANSWERED_BY.get(said.answered_by or "")
    return AnsweredBy.UNKNOWN if who is None and became is Outcome.ANSWERED else who


def _words(row: CallRow) -> list[str]:
    """The provider's own words; not its error message, which may quote a number."""
    plain = row.status and row.queue_status in {"complete", "completed"}
    queue = None if plain else row.queue_status
    said = [queue, row.status, _text(row.answered_by), row.call_ended_by]
    return list(dict.fromkeys(word for word in said if word))


def _transcript(row: CallRow) -> str | None:
    turns = ((_role(turn.user or ""), turn.text or "") for turn in row.turns)
    return dialogue.from_turns(turns) or dialogue.from_text(row.concatenated_transcript or "")


def _role(user: str) -> str:
    return "agent" if user in _AGENT_ROLES else user


def _analysis(row: CallRow) -> str | None:
    found: dict[str, Any] = {"summary": row.summary, "disposition_tag": row.disposition_tag}
    analysis = text_of(row.analysis)
    if analysis is not None:
        found["analysis"] = msgspec.Raw(analysis.encode())
    there = {name: value for name, value in found.items() if value}
    return msgspec.json.encode(there).decode() if there else None


def _object(value: Any) -> dict[str, Any]:
    """An object, also one that was sent as JSON text; empty if it is none."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = msgspec.json.decode(value)
        except ValueError:
            return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    if isinstance(value, list) and value:
        return _text(cast("list[Any]", value)[0])
    return value.strip() or None if isinstance(value, str) else None


def _e164(number: str | None) -> str | None:
    """Old samples show bare digits; without a country code they say nothing."""
    digits = (number or "").removeprefix("+")
    whole = number != digits or len(digits) >= _SHORTEST_WITH_COUNTRY_CODE
    return f"+{digits}" if digits.isdigit() and whole else None
