"""What Vocode sends, as far as we read it: list rows and single calls alike."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from campaign.calls import Call
from campaign.words import AnsweredBy, Outcome
from providers import dialogue
from providers.mending import decode
from providers.moments import moment, seconds_between
from providers.rows import scrubber
from providers.vocode.words import DETECTED, OVER, outcome_of

TAG, KEY = "outdial_tag", "outdial_key"
SECRETS = frozenset({"telephony_account_connection", "credentials", "auth_token", "api_key"})
scrub = scrubber(SECRETS, {"agent": frozenset({"id"})})

Dialect = Literal["vocode", "fluents"]
# A recording has no URL of its own: this one asks for the key.
_RECORDING = {
    "vocode": "https://api.vocode.dev/v1/calls/recording?id=",
    "fluents": "https://api.fluents.ai/v1/calls/recording?id=",
}


class _Telephony(msgspec.Struct):
    call_status: str | None = None


class CallRow(msgspec.Struct):
    """A call; `start_time` and `end_time` are numbers in a list and text in a single read."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    status: str | None = None
    error_message: str | None = None
    stage: str | None = None
    stage_outcome: str | None = None
    human_detection_result: str | None = None
    do_not_call_result: bool | None = None
    telephony_metadata: _Telephony | None = None
    start_time: Any = None
    end_time: Any = None
    to_number: str | None = None
    transcript: str | None = None
    recording_available: bool | None = None
    hipaa_compliant: bool | None = None
    context: dict[str, Any] | None = None

    def ours(self, name: str) -> str | None:
        """Our tag or key, if the call is ours and its context is echoed."""
        said = (self.context or {}).get(name)
        return said if isinstance(said, str) else None

    @property
    def over(self) -> bool:
        """It has ended; a status never seen before is no end."""
        return self.status in OVER

    @property
    def carrier(self) -> str:
        """The carrier's own word."""
        return (self.telephony_metadata and self.telephony_metadata.call_status) or ""

    @property
    def outcome(self) -> Outcome:
        """Unknown until it is over."""
        if not self.over:
            return Outcome.UNKNOWN
        return outcome_of(
            self.status or "",
            self.stage or "",
            self.stage_outcome or "",
            self.human_detection_result or "",
            self.carrier,
        )

    @property
    def ended_reason(self) -> str:
        """Their words: `error: ...`, `call_did_not_connect (busy)`, `human_disconnected`."""
        if not self.over:
            return ""
        if self.status == "error":
            return f"error: {self.error_message}" if self.error_message else "error"
        said = self.stage_outcome or self.stage or self.status or ""
        return (
            f"{said} ({self.carrier})" if said == "call_did_not_connect" and self.carrier else said
        )

    @property
    def missing(self) -> frozenset[str]:
        """What may come in the minute after the end."""
        late = {
            "outcome": self.status == "ended" and not self.stage_outcome,
            "transcript": self.outcome.reached and not self.transcript and not self.hipaa_compliant,
        }
        return frozenset(name for name, is_late in late.items() if self.over and is_late)


def reader(dialect: Dialect) -> Callable[[bytes], Call]:
    """Return what reads a call. It raises `ValueError`."""

    def read(row: bytes) -> Call:
        return _call_of(decode(row, CallRow), _RECORDING[dialect])

    return read


def _call_of(row: CallRow, recording: str) -> Call:
    started, ended = moment(row.start_time), moment(row.end_time) if row.over else None
    return Call(
        id=row.id,
        key=row.ours(KEY),
        to=f"+{digits(row.to_number)}" if row.to_number else None,
        over=row.over,
        outcome=row.outcome,
        ended_reason=row.ended_reason,
        answered_by=_answered_by(row),
        started_at=started,
        ended_at=ended,
        duration_seconds=seconds_between(started, ended),
        transcript=dialogue.from_text(row.transcript) if row.transcript else None,
        recording_url=recording + row.id if row.recording_available else None,
        opted_out=row.do_not_call_result is True,
        missing=row.missing,
    )


def _answered_by(row: CallRow) -> AnsweredBy | None:
    detected = DETECTED.get(row.human_detection_result or "")
    return detected or (AnsweredBy.UNKNOWN if row.outcome.reached else None)


def digits(number: str) -> str:
    """Return the number as Vocode writes it: country code and digits, no plus."""
    return "".join(filter(str.isdecimal, number))
