"""The dial object: one call in Vogent's words."""

from collections.abc import Mapping
from typing import Any

from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.conversation import Turn, analysis, turns
from simulator.dialects.vogent.settings import VogentSettings
from simulator.exchange import Exchange
from simulator.people import EndedBy, Reaction

VOICE_ID = "e1c1d3a0-2222-4c7e-9b8a-111122223333"
PROMPT_ID = "77777777-aaaa-4bbb-8ccc-dddddddddddd"
EXTRACTOR_ID = "55555555-eeee-4fff-8aaa-bbbbbbbbbbbb"
MAX_DURATION_SECONDS = 10_800

_LIVE = {State.RINGING: "ringing", State.TALKING: "in-progress"}
_ENDS: Mapping[Reaction, tuple[str, str]] = {
    Reaction.VOICEMAIL: ("completed", "VOICEMAIL_DETECTED_HANGUP"),
    Reaction.TRANSFERRED: ("completed", "TRANSFERRED"),
    Reaction.SILENT: ("completed", "LONG_SILENCE_HANGUP"),
    Reaction.NO_ANSWER: ("no-answer", "NO_ANSWER"),
    Reaction.BUSY: ("busy", "BUSY"),
    # Vogent has no word of its own for a number that does not exist.
    Reaction.INVALID_NUMBER: ("failed", "FAILED"),
    Reaction.FAILED: ("failed", "FAILED"),
    # In the vendor's internal schema, and in no document.
    Reaction.STRANGE: ("completed", "DIAL_TREE_FOUND"),
}
_HANGUPS: Mapping[EndedBy | None, str] = {
    EndedBy.AGENT: "AGENT_HANGUP",
    EndedBy.PERSON: "COUNTERPARTY_HANGUP",
    EndedBy.TIMEOUT: "TIMEOUT",
    EndedBy.CLIENT: "USER_HANGUP",
}
_SPARE = ("agent", "aiDurationSeconds", "voiceId", "versionedPromptId", "dialTaskId", "aiResult")
"""What older payloads lacked."""


def dial(call: Call, exchange: Exchange, settings: VogentSettings) -> dict[str, Any]:
    """The dial object of a call that has rung."""
    seen_at = exchange.seen_at
    status, result = _end(call) if call.over(seen_at) else (_LIVE[exchange.state(call)], None)
    shown = {
        "id": call.id,
        "toNumber": call.number,
        "status": status,
        "systemResultType": result,
        "inputs": dict(call.order.details.get("inputs", {})),
        "agent": agent(call.order.details["agent_id"]),
        "recordings": _recordings(call, exchange),
        "transcript": _transcript(call, seen_at),
        "durationSeconds": 0,
        "aiDurationSeconds": 0,
        "voiceId": VOICE_ID,
        "versionedPromptId": PROMPT_ID,
        "createdAt": iso_utc(call.rang_at or call.created_at),
        "updatedAt": iso_utc(call.updated_at(seen_at)),
        **_numbers(call),
        **_times(call, seen_at),
    }
    if settings.extractor and call.settled("analysis", seen_at) and analysis(call):
        shown["aiResult"] = analysis(call)
    if settings.sparse:
        return {name: value for name, value in shown.items() if name not in _SPARE}
    return shown


def agent(agent_id: str) -> dict[str, Any]:
    """The whole agent, as it is embedded in each dial."""
    return {
        "id": agent_id,
        "name": "Simulated agent",
        "language": "en",
        "transcriberParams": {"type": "deepgram", "keywords": []},
        "metadata": {},
        "utteranceDetectorConfig": {"sensitivity": "FAST", "interruptionPlayTimeMs": 0},
        "endpointDetectorConfig": {"type": "SEMANTIC", "mode": "DEFAULT"},
        "ivrConfiguration": {"detectionType": "STANDARD"},
        "idleMessageConfig": {
            "enabled": True,
            "messages": ["Are you still there?"],
            "idleDurationMilliseconds": 10_000,
            "maxIdleMessages": 2,
        },
        "maxDurationSeconds": MAX_DURATION_SECONDS,
        "timeoutMessage": None,
        "timeoutBehaviorConfiguration": {"behavior": "HANGUP"},
        "defaultVoiceId": VOICE_ID,
        "defaultVersionedPromptId": PROMPT_ID,
        "defaultExtractorId": EXTRACTOR_ID,
        "linkedFunctionDefinitions": [],
        "fillEmptyStringVariables": False,
        "silenceHangupConfiguration": {"type": "WHOLE_CALL", "silenceDurationSeconds": 30},
        "ivrSilenceHangupConfiguration": {"type": "DISABLED"},
        "voiceOptionValues": [{"optionId": "speed", "value": "1.0"}],
    }


def _end(call: Call) -> tuple[str, str]:
    if call.ended_by is EndedBy.CLIENT and call.answered_at is None:
        return "canceled", "CANCELLED"
    hung_up = ("completed", _HANGUPS.get(call.ended_by, "COUNTERPARTY_HANGUP"))
    return _ENDS.get(call.reaction or Reaction.ANSWERED, hung_up)


def _numbers(call: Call) -> dict[str, str]:
    known = {
        "fromNumberId": call.order.details.get("from_id"),
        "dialTaskId": call.order.details.get("spec_id"),
    }
    return {name: value for name, value in known.items() if value is not None}


def _times(call: Call, seen_at: float) -> dict[str, Any]:
    if call.answered_at is None or call.answered_at > seen_at:
        return {}
    times: dict[str, Any] = {"startedAt": iso_utc(call.answered_at)}
    if call.over(seen_at) and call.ended_at is not None:
        # The transfer leg is part of the whole, not of the agent's time.
        share = 0.6 if call.reaction is Reaction.TRANSFERRED else 1.0
        times["endedAt"] = iso_utc(call.ended_at)
        times["durationSeconds"] = call.talk_seconds
        times["aiDurationSeconds"] = int(share * call.talk_seconds)
    return times


def _recordings(call: Call, exchange: Exchange) -> list[dict[str, str]]:
    if call.answered_at is None or not call.settled("recording", exchange.seen_at):
        return []
    return [{"url": f"{exchange.base_url}/recordings/{call.id}"}]


def _transcript(call: Call, seen_at: float) -> list[dict[str, Any]]:
    return [_entry(turn) for turn in turns(call)] if call.settled("transcript", seen_at) else []


def _entry(turn: Turn) -> dict[str, Any]:
    return {
        "text": turn.text,
        "speaker": "AI" if turn.speaker == "agent" else "HUMAN",
        "detailType": None,
        "startTimeMs": int(turn.start * 1000),
        "endTimeMs": int(turn.end * 1000),
    }
