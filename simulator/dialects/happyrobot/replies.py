"""How a call looks from outside."""

from functools import lru_cache
from hashlib import sha256
from typing import Any

from campaign.words import Outcome
from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.conversation import analysis, turns
from simulator.dialects.happyrobot.requests import DialRequest
from simulator.dialects.happyrobot.settings import HappyRobotSettings
from simulator.people import Reaction

HOOK_SECRET = "hook-secret-canary"  # noqa: S105 - bait: a client must not let it reach its database.
CALLER = "+13125550100"
TRANSFER_EMAIL = "desk@example.com"

_FINAL = {
    Reaction.ANSWERED: "Completed",
    Reaction.OPTED_OUT: "Completed",
    Reaction.SILENT: "Completed",
    Reaction.STUCK: "Completed",
    Reaction.TRANSFERRED: "Transferred",
    Reaction.VOICEMAIL: "AMD Terminated",
    Reaction.NO_ANSWER: "No answer",
    Reaction.BUSY: "Busy",
    Reaction.FAILED: "Failed",
    Reaction.INVALID_NUMBER: "Failed",
}
_LIVE = {
    State.SCHEDULED: "Scheduled",
    State.QUEUED: "Queued",
    State.RINGING: "Ringing",
    State.TALKING: "In progress",
}
# The real ones run to many kilobytes as well.
_PROMPT = "You are Kate, a friendly assistant. Ask one short question, then say goodbye. " * 24


def asked(call: Call) -> DialRequest:
    """The request that the call came with."""
    request: DialRequest = call.order.details["request"]
    return request


@lru_cache(maxsize=64)
def organization(account: str) -> str:
    """The id of an account's organisation."""
    return sha256(account.encode()).hexdigest()[:24]


def status(call: Call, moment: float, settings: HappyRobotSettings) -> str:
    """The status word of a call as of a moment."""
    state = call.state(moment)
    if state is not State.ENDED:
        # The first simulated second of ringing passes at the carrier.
        young = call.rang_at is not None and moment < call.rang_at + 1 / call.speed
        return "Initiated" if young and state is State.RINGING else _LIVE[state]
    if call.outcome is Outcome.CANCELLED or call.reaction is None:
        return "Canceled"
    if call.reaction is Reaction.TRANSFERRED and not _handing_over(call, moment, settings):
        return settings.transfer_ends_as
    return _FINAL.get(call.reaction, settings.strange_status)


def _handing_over(call: Call, moment: float, settings: HappyRobotSettings) -> bool:
    return (
        settings.transfer_ends_as == "Completed"
        and call.reaction is Reaction.TRANSFERRED
        and not call.settled("analysis", moment)
    )


def created_row(call: Call, settings: HappyRobotSettings) -> dict[str, Any]:
    """A call as the dial endpoints answer it: no status, no number but `metadata.to`."""
    request = asked(call)
    row = {
        "id": call.id,
        "organization_id": organization(call.order.account),
        "metadata": _metadata(call, call.created_at, settings),
        "use_case": _use_case(request, call.order.account),
        "created": iso_utc(call.created_at, digits=0),
    }
    return row if request.params is None else row | {"params": request.params}


def call_row(call: Call, moment: float, settings: HappyRobotSettings) -> dict[str, Any]:
    """A call as the list and the single read answer it, as of a moment."""
    request = asked(call)
    viewers: list[str] = []
    return (
        created_row(call, settings)
        | {
            "type": "Outbound",
            "status": status(call, moment, settings),
            "provider": "Twilio",
            "metadata": _metadata(call, moment, settings),
            "agent": {"id": request.agent_id or "0" * 23 + "2", "name": "Kate"},
            "language": request.language,
            "viewed_by": viewers,
            "max_duration_mins": request.max_duration_mins,
        }
        | _given(call, request)
        | _ended(call, moment, settings)
    )


def _metadata(call: Call, moment: float, settings: HappyRobotSettings) -> dict[str, Any]:
    sent = asked(call).metadata
    metadata: dict[str, Any] = {"from": CALLER, "to": call.number, "tags": []}
    if call.rang_at is not None and call.rang_at <= moment:
        metadata["call_sid"] = "CA" + call.id
    if call.answered_at is not None and call.settled("recording", moment):
        metadata["recording_sid"] = "RE" + call.id
    if settings.echo == "flat":
        return sent | metadata
    return metadata if settings.echo == "none" else metadata | {"custom": sent}


def _use_case(request: DialRequest, account: str) -> dict[str, Any]:
    headers = [{"key": "x-hook-secret", "value": HOOK_SECRET}]
    return {
        "id": request.use_case,
        "organization_id": organization(account),
        "name": "Kate",
        "language": request.language,
        "timezone": "America/Chicago",
        "work_start": "00:00",
        "work_end": "24:00",
        "enable_detailed_work_hours": False,
        "amd": True,
        "amd_behavior": "Hangup",
        "amd_messages": [],
        "prompts": [{"type": "outbound", "content": _PROMPT}],
        "hooks": [{"url": "https://hooks.example/happyrobot", "headers": headers}],
    }


def _given(call: Call, request: DialRequest) -> dict[str, Any]:
    optional = {
        "prompt_id": request.prompt_id,
        "campaign_id": request.campaign_id,
        "parent_call_id": call.redial_of,
        "scheduled_for": request.starts_at and iso_utc(request.starts_at, digits=0),
    }
    return {name: value for name, value in optional.items() if value}


def _ended(call: Call, moment: float, settings: HappyRobotSettings) -> dict[str, Any]:
    if not call.over(moment) or _handing_over(call, moment, settings):
        return {}
    ended: dict[str, Any] = {"duration": call.talk_seconds}
    found = analysis(call)
    if found and call.settled("analysis", moment):
        tag = "Do not call" if found["do_not_call"] else "Answered"
        ended["extraction"] = found
        ended["classification"] = {"tag": tag, "reasoning": "As heard on the call."}
    return ended


def transcript(call: Call) -> dict[str, Any]:
    """What was said, with the entries that a reader must leave out."""
    began = call.answered_at or 0.0
    said = [
        {
            "id": f"{call.id}-{index}",
            "role": "assistant" if turn.speaker == "agent" else "user",
            "content": turn.text,
            "start": began + turn.start,
            "end": began + turn.end,
            "is_filler": False,
            "discard": False,
        }
        for index, turn in enumerate(turns(call), start=1)
    ]
    system = {"id": f"{call.id}-0", "role": "system", "content": _PROMPT}
    filler = {"id": f"{call.id}-f", "role": "assistant", "content": "Hmm.", "is_filler": True}
    timing = {"start": began, "end": began}
    return {
        "id": "t" + call.id[1:],
        "organization_id": organization(call.order.account),
        "call_id": call.id,
        "start_time": began,
        "messages": [
            system | timing | {"is_filler": False, "discard": False},
            *said,
            filler | timing | {"discard": True},
        ],
    }
