"""How a call looks from outside."""

from collections.abc import Mapping
from typing import Any

from campaign.words import Outcome
from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.conversation import analysis, summary, turns
from simulator.dialects.vapi.campaign import PER_MINUTE
from simulator.dialects.vapi.organization import Organization, born_at
from simulator.dialects.vapi.settings import VapiSettings
from simulator.people import EndedBy, Reaction

NULLS: Mapping[str, None] = dict.fromkeys(
    [
        "endedReason",
        "startedAt",
        "endedAt",
        "campaignId",
        "assistantId",
        "squadId",
        "name",
        "schedulePlan",
        "assistantOverrides",
        "squadOverrides",
        "analysis",
        "artifact",
        "destination",
        "costBreakdown",
        "costs",
        "endedMessage",
        "monitor",
    ]
)
"""Optional fields that some accounts see as null."""

_NO_LINE = "call.start.error-subscription-concurrency-limit-reached"
_REASONS: Mapping[Reaction, str] = {
    Reaction.TRANSFERRED: "assistant-forwarded-call",
    Reaction.VOICEMAIL: "voicemail",
    Reaction.NO_ANSWER: "customer-did-not-answer",
    Reaction.BUSY: "customer-busy",
    Reaction.INVALID_NUMBER: "twilio-reported-customer-misdialed",
    Reaction.FAILED: "call.in-progress.error-vapifault-transport-never-connected",
    Reaction.SILENT: "silence-timed-out",
}
_HUNG_UP: Mapping[EndedBy, str] = {
    EndedBy.PERSON: "customer-ended-call",
    EndedBy.AGENT: "assistant-ended-call",
    EndedBy.TIMEOUT: "exceeded-max-duration",
    EndedBy.CLIENT: "manually-canceled",
}
# Shares of the price of a minute.
_SHARES = {"transport": 0.14, "stt": 0.1, "llm": 0.08, "tts": 0.16, "vapi": 0.52}


def ended_reason(call: Call, settings: VapiSettings) -> str:
    """Vapi's word for the end of a call that is over."""
    if not call.rang:
        taken_back = call.outcome is Outcome.CANCELLED and not call.order.details.get("blocked")
        return "scheduled-call-deleted" if taken_back else _NO_LINE
    if call.ended_by is EndedBy.CLIENT:
        return _HUNG_UP[EndedBy.CLIENT]
    if call.reaction in {Reaction.ANSWERED, Reaction.OPTED_OUT}:
        return _HUNG_UP[call.ended_by or EndedBy.PERSON]
    return _REASONS.get(call.reaction or Reaction.FAILED, settings.strange_reason)


def call_row(
    call: Call, moment: float, organization: Organization, settings: VapiSettings, base_url: str
) -> dict[str, Any]:
    """A call as of a moment."""
    born, state = born_at(call) or moment, call.state(moment)
    name, named_at = organization.names.get(call.id, ("", born))
    row: dict[str, Any] = {
        "id": call.id,
        "orgId": organization.id,
        "type": "outboundPhoneCall",
        "status": "in-progress" if state is State.TALKING else state.value,
        "createdAt": iso_utc(born),
        "updatedAt": iso_utc(max(call.updated_at(moment), born, named_at)),
        "phoneCallTransport": "pstn",
        "phoneCallProvider": "twilio",
        **call.order.details["row"],
        "cost": 0,
    }
    if name:
        row["name"] = name
    row |= _under_way(call, moment, base_url)
    if state is State.ENDED:
        row["endedReason"] = ended_reason(call, settings)
        row |= _late(call, moment)
    return {**NULLS, **row} if settings.nulls else row


def _under_way(call: Call, moment: float, base_url: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if call.rang_at is not None and call.rang_at <= moment:
        sid = "CA" + call.id.replace("-", "")
        row["phoneCallProviderId"] = sid
        row["transport"] = {"provider": "twilio", "conversationType": "voice", "callSid": sid}
    if call.answered_at is not None and call.answered_at <= moment:
        row["startedAt"] = iso_utc(call.answered_at)
    if call.ended_at is not None and call.over(moment):
        row["endedAt"] = iso_utc(call.ended_at)
    else:
        row["monitor"] = {
            "listenUrl": f"wss://calls.example/{call.id}/listen",
            "controlUrl": f"{base_url}/call/{call.id}/control",
        }
    return row


def _late(call: Call, moment: float) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if call.answered_at is None:
        return row
    if call.reaction is Reaction.TRANSFERRED:
        row["destination"] = {"type": "number", "number": "+13125550199"}
    if call.settled("cost", moment):
        row |= _costs(call)
    if call.settled("analysis", moment):
        row["analysis"] = _analysis(call)
    artifact = _artifact(call, moment)
    return row | {"artifact": artifact} if artifact else row


def _costs(call: Call) -> dict[str, Any]:
    total, minutes = call.cost(PER_MINUTE), round(call.talk_seconds / 60, 4)
    parts = {part: round(total * share, 6) for part, share in _SHARES.items()}
    return {
        "cost": total,
        "costBreakdown": {**parts, "total": total, "llmPromptTokens": 40 * call.talk_seconds},
        "costs": [
            {
                "type": "transport",
                "provider": "twilio",
                "minutes": minutes,
                "cost": parts["transport"],
            },
            {"type": "vapi", "subType": "normal", "minutes": minutes, "cost": parts["vapi"]},
        ],
    }


def _analysis(call: Call) -> dict[str, Any]:
    found = analysis(call)
    said = {"summary": summary(call)}
    if not found:
        return said
    return {**said, "structuredData": found, "successEvaluation": str(found["interested"]).lower()}


def _artifact(call: Call, moment: float) -> dict[str, Any]:
    artifact: dict[str, Any] = {}
    if call.settled("transcript", moment):
        artifact["messages"] = _messages(call)
        artifact["transcript"] = "".join(
            f"{'AI' if turn.speaker == 'agent' else 'User'}: {turn.text}\n" for turn in turns(call)
        )
    if call.settled("recording", moment):
        mono = f"https://storage.example/{call.id}-mono.wav"
        stereo = f"https://storage.example/{call.id}-stereo.wav"
        artifact["recording"] = {"stereoUrl": stereo, "mono": {"combinedUrl": mono}}
        artifact |= {"recordingUrl": mono, "stereoRecordingUrl": stereo}
    return artifact


def _messages(call: Call) -> list[dict[str, Any]]:
    began = (call.answered_at or 0.0) * 1000
    return [
        {
            "role": "bot" if turn.speaker == "agent" else "user",
            "message": turn.text,
            "time": round(began + turn.start * 1000),
            "endTime": round(began + turn.end * 1000),
            "secondsFromStart": turn.start,
        }
        for turn in turns(call)
    ]
