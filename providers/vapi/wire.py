"""A call as Vapi sends it, in a list and by itself, as far as we read it."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec

from campaign.calls import Call
from campaign.words import AnsweredBy, Outcome
from providers import dialogue
from providers.mending import decode
from providers.moments import moment, seconds_between
from providers.rows import scrubber, text_of
from providers.vapi.words import CALLS_OVER, CONNECTED, outcome_of

TAG, KEY = "outdial_tag", "outdial_key"
SECRETS = frozenset({"credentials", "monitor", "secret", "server"})
"""`monitor` has URLs at which anybody can listen to a live call and hang it up."""
scrub = scrubber(SECRETS, {})

Id = Annotated[str, msgspec.Meta(min_length=1)]
_Json = msgspec.Raw | msgspec.UnsetType


class _Overrides(msgspec.Struct, rename="camel"):
    variable_values: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None

    def ours(self, name: str) -> str | None:
        said = (self.variable_values or {}).get(name) or (self.metadata or {}).get(name)
        return said if isinstance(said, str) else None


class _Customer(msgspec.Struct, rename="camel"):
    number: str | None = None
    external_id: str | None = None


class _Plan(msgspec.Struct, rename="camel"):
    earliest_at: Any = None


class _Message(msgspec.Struct):
    role: str | None = None
    message: Any = None


class _Transfer(msgspec.Struct):
    status: str | None = None


class _Mono(msgspec.Struct, rename="camel"):
    combined_url: str | None = None


class _Recording(msgspec.Struct, rename="camel"):
    mono: _Mono | None = None
    stereo_url: str | None = None


class _Artifact(msgspec.Struct, rename="camel"):
    transcript: str | None = None
    messages: list[_Message] | None = None
    recording: _Recording | None = None
    recording_url: str | None = None
    stereo_recording_url: str | None = None
    structured_outputs: _Json = msgspec.UNSET
    transfers: list[_Transfer] | None = None

    @property
    def recording_at(self) -> str | None:
        """A stable address; it opens only with the key, or through a link that expires."""
        recording = self.recording or _Recording()
        mono = recording.mono.combined_url if recording.mono else None
        return mono or self.recording_url or recording.stereo_url or self.stereo_recording_url


class _ArtifactPlan(msgspec.Struct, rename="camel"):
    recording_enabled: bool | None = None


class CallRow(msgspec.Struct, rename="camel"):
    """A call; only `id` is sure to be there."""

    id: Id
    type: str | None = None
    status: str | None = None
    ended_reason: str | None = None
    name: str | None = None
    campaign_id: str | None = None
    created_at: Any = None
    started_at: Any = None
    ended_at: Any = None
    cost: Decimal | None = None
    customer: _Customer | None = None
    schedule_plan: _Plan | None = None
    assistant_overrides: _Overrides | None = None
    squad_overrides: _Overrides | None = None
    destination: _Json = msgspec.UNSET
    analysis: _Json = msgspec.UNSET
    artifact: _Artifact | None = None
    artifact_plan: _ArtifactPlan | None = None
    # Older records have these outside of the artifact.
    transcript: str | None = None
    recording_url: str | None = None

    @property
    def outbound(self) -> bool:
        """It may be one of ours: not inbound, not from the web."""
        return self.type in {None, "outboundPhoneCall"}

    @property
    def tag(self) -> str | None:
        """Our tag, where the overrides are echoed."""
        return self._ours(TAG)

    @property
    def key(self) -> str | None:
        """Our key, from the overrides, the customer or the call's name."""
        customer = self.customer.external_id if self.customer else None
        return self._ours(KEY) or customer or self.name

    def _ours(self, name: str) -> str | None:
        for overrides in (self.assistant_overrides, self.squad_overrides):
            if overrides is not None and (said := overrides.ours(name)):
                return said
        return None

    @property
    def over(self) -> bool:
        """It has ended, or was deleted before it began."""
        return self.status in CALLS_OVER

    @property
    def words(self) -> str | None:
        """The dialogue as plain text."""
        artifact = self.artifact or _Artifact()
        if text := artifact.transcript or self.transcript:
            return dialogue.from_text(text)
        turns = [turn for turn in artifact.messages or [] if isinstance(turn.message, str)]
        return dialogue.from_turns((turn.role or "", turn.message) for turn in turns)

    @property
    def recording_at(self) -> str | None:
        """Where it can be heard."""
        return self.artifact.recording_at if self.artifact else self.recording_url

    @property
    def recorded(self) -> bool:
        """As by default: an assistant that does not record may still be waited for in vain."""
        return self.artifact_plan is None or self.artifact_plan.recording_enabled is not False

    @property
    def person_spoke(self) -> bool:
        """There are words of the person's own."""
        return any(line.startswith("person: ") for line in (self.words or "").splitlines())

    @property
    def outcome(self) -> Outcome:
        """Unknown until it is over."""
        if not self.over:
            return Outcome.UNKNOWN
        if self.status == "not-found" and not self.ended_reason:
            return Outcome.CANCELLED
        transfers = (self.artifact.transfers if self.artifact else None) or []
        reached = any(transfer.status in CONNECTED for transfer in transfers)
        return outcome_of(
            self.ended_reason or "",
            transferred=reached or text_of(self.destination) is not None,
            person_spoke=self.person_spoke,
        )

    @property
    def findings(self) -> str | None:
        """JSON text of the analysis, with the structured outputs in it."""
        outputs = text_of(self.artifact.structured_outputs) if self.artifact else None
        analysis = text_of(self.analysis)
        if outputs is None:
            return analysis
        said = decode((analysis or "{}").encode(), dict[str, msgspec.Raw])
        said["structuredOutputs"] = msgspec.Raw(outputs.encode())
        return msgspec.json.encode(said).decode()


def read_call(row: bytes) -> Call:
    """Read a call. Raises `ValueError`."""
    call = decode(row, CallRow)
    outcome, words, findings = call.outcome, call.words, call.findings
    started, ended = moment(call.started_at), moment(call.ended_at)
    missing = _missing(call, outcome, words, findings)
    return Call(
        id=call.id,
        key=call.key,
        to=call.customer.number if call.customer else None,
        over=call.over,
        outcome=outcome,
        ended_reason=(call.ended_reason or call.status or "") if call.over else "",
        answered_by=_answered_by(outcome, person_spoke=call.person_spoke),
        started_at=started,
        ended_at=ended,
        duration_seconds=seconds_between(started, ended),
        cost_usd=call.cost if call.over and "cost" not in missing else None,
        transcript=words,
        recording_url=call.recording_at,
        analysis=findings,
        missing=missing,
    )


def _answered_by(outcome: Outcome, *, person_spoke: bool) -> AnsweredBy | None:
    if outcome is Outcome.VOICEMAIL:
        return AnsweredBy.MACHINE
    if not outcome.reached:
        return None
    # Voicemail detection is off unless it is configured: a mailbox then looks like an answer.
    return AnsweredBy.HUMAN if person_spoke else AnsweredBy.UNKNOWN


def _missing(
    call: CallRow, outcome: Outcome, words: str | None, findings: str | None
) -> frozenset[str]:
    """Name what is computed in the background after the end; the cost is 0 until then."""
    talked = outcome.reached or outcome is Outcome.VOICEMAIL
    late = {
        "outcome": not call.ended_reason and call.status == "ended",
        "cost": call.cost is None or (talked and not call.cost),
        "transcript": outcome.reached and words is None,
        "analysis": outcome.reached and findings is None,
        "recording": outcome.reached and call.recorded and call.recording_at is None,
    }
    return frozenset(name for name, is_late in late.items() if call.over and is_late)
