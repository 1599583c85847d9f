"""A call in Bland's words."""

from collections.abc import Mapping
from typing import Any

from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.conversation import analysis, summary, turns
from simulator.dialects.bland.settings import BlandSettings
from simulator.exchange import Exchange
from simulator.people import EndedBy, Reaction

TRANSFER_TO = "+13125550198"
FROM = "+13125550199"
DEFAULT_MINUTES = 30.0
_DOCUMENTED = (
    "call_id",
    "batch_id",
    "created_at",
    "to",
    "from",
    "call_length",
    "completed",
    "queue_status",
    "error_message",
    "answered_by",
)
_LIVE: Mapping[State, tuple[str, str]] = {
    State.SCHEDULED: ("new", "queued"),
    State.QUEUED: ("queued", "queued"),
    State.RINGING: ("started", "in-progress"),
    State.TALKING: ("started", "in-progress"),
}
"""`queue_status` and `status` of a call that is not over."""
_ENDS: Mapping[Reaction, tuple[str, str]] = {
    Reaction.NO_ANSWER: ("complete", "no-answer"),
    Reaction.BUSY: ("complete", "busy"),
    Reaction.FAILED: ("call_error", "failed"),
    Reaction.INVALID_NUMBER: ("queue_error", "failed"),
}
_ERRORS: Mapping[Reaction, str] = {
    Reaction.FAILED: "Call failed: carrier error",
    Reaction.INVALID_NUMBER: "The number dialed is not in service",
}
_ANSWERED_BY: Mapping[Reaction, str] = {
    Reaction.ANSWERED: "human",
    Reaction.OPTED_OUT: "human",
    Reaction.TRANSFERRED: "human",
    Reaction.STUCK: "human",
    Reaction.VOICEMAIL: "voicemail",
    Reaction.SILENT: "unknown",
    Reaction.NO_ANSWER: "no-answer",
    # In no document.
    Reaction.STRANGE: "fax",
}
_ENDED_BY = {EndedBy.AGENT: "ASSISTANT", EndedBy.PERSON: "USER"}


def caller(call: Call) -> str:
    """The number that rings show."""
    number: str = call.order.details["sent"].get("from", FROM)
    return number


def created_at(call: Call, settings: BlandSettings) -> float:
    """When the call record came into being: with the batch, or when it was dispatched."""
    if settings.list_scheduled or call.queued_at is None:
        return call.created_at
    return call.queued_at


def listed(call: Call, exchange: Exchange, settings: BlandSettings) -> bool:
    """The call has a record as far as this request can see."""
    if call.dropped or not exchange.visible(created_at(call, settings)):
        return False
    if call.ended_by is EndedBy.CLIENT and not call.rang and call.over(exchange.seen_at):
        return settings.stopped_calls == "canceled"
    return settings.list_scheduled or exchange.state(call) is not State.SCHEDULED


def summary_row(call: Call, exchange: Exchange, settings: BlandSettings) -> dict[str, Any]:
    """A row of the call list: no transcript in it."""
    whole = detail(call, exchange, settings)
    if settings.list_fields == "documented":
        return {name: whole[name] for name in _DOCUMENTED}
    spoken = {"transcripts", "concatenated_transcript"}
    return {name: value for name, value in whole.items() if name not in spoken}


def detail(call: Call, exchange: Exchange, settings: BlandSettings) -> dict[str, Any]:
    """The whole call object."""
    seen_at, over = exchange.seen_at, call.over(exchange.seen_at)
    sent: Mapping[str, Any] = call.order.details["sent"]
    queue_status, status = _status(call, exchange)
    return {
        "call_id": call.id,
        "c_id": call.id,
        "batch_id": call.order.batch_id,
        "to": call.number,
        "from": caller(call),
        "created_at": iso_utc(created_at(call, settings)),
        "completed": over,
        "queue_status": queue_status,
        "status": status,
        "error_message": _ERRORS.get(call.reaction or Reaction.ANSWERED) if over else None,
        "answered_by": answered_by(call, seen_at, settings),
        "call_ended_by": _ENDED_BY.get(call.ended_by or EndedBy.NETWORK) if over else None,
        "call_length": round(call.talk_seconds / 60, 3) if over else 0,
        "corrected_duration": str(call.talk_seconds) if over else None,
        "max_duration": _minutes(sent),
        "price": _price(call, seen_at, settings),
        "record": bool(sent.get("record", False)),
        "recording_url": _recording_url(call, exchange, sent),
        "recording_expiration": None,
        "inbound": False,
        "metadata": sent.get("metadata") or {},
        "request_data": sent.get("request_data") or {},
        "variables": {"now_utc": iso_utc(call.created_at, digits=0)},
        "pathway_id": sent.get("pathway_id"),
        "pathway_logs": None,
        "local_dialing": False,
        "endpoint_url": "api.bland.ai",
        **_times(call, seen_at, sent),
        **_transfer(call, over=over),
        **_words(call, seen_at),
    }


def answered_by(call: Call, seen_at: float, settings: BlandSettings) -> str | None:
    """Who picked up; None while it is being worked out, and if the batch did not ask."""
    delay = settings.answered_by_seconds / call.speed
    if call.over_at is None or seen_at < call.over_at + delay or not call.rang:
        return None
    if call.order.details.get("hides_answered_by"):
        return None
    return _ANSWERED_BY.get(call.reaction or Reaction.FAILED)


def _status(call: Call, exchange: Exchange) -> tuple[str, str]:
    if not call.over(exchange.seen_at):
        return _LIVE[exchange.state(call)]
    if call.answered_at is None and call.ended_by is EndedBy.CLIENT:
        return "complete", "canceled"
    return _ENDS.get(call.reaction or Reaction.FAILED, ("complete", "completed"))


def _minutes(sent: Mapping[str, Any]) -> float:
    return float(sent.get("max_duration") or DEFAULT_MINUTES)


def _price(call: Call, seen_at: float, settings: BlandSettings) -> float | None:
    if not call.settled("cost", seen_at):
        return None
    return call.cost(settings.per_minute_usd, minimum=settings.minimum_usd)


def _recording_url(call: Call, exchange: Exchange, sent: Mapping[str, Any]) -> str | None:
    if has_recording(call, exchange) and sent.get("record"):
        return f"{exchange.base_url}/v1/recordings/{call.id}"
    return None


def has_recording(call: Call, exchange: Exchange) -> bool:
    """The audio can be fetched."""
    wanted: Mapping[str, Any] = call.order.details["sent"]
    settled = call.settled("recording", exchange.seen_at)
    return bool(wanted.get("record")) and call.answered_at is not None and settled


def _times(call: Call, seen_at: float, sent: Mapping[str, Any]) -> dict[str, str | None]:
    started = call.answered_at
    if started is None or started > seen_at:
        return {"started_at": None, "end_at": None}
    # Not the end of the call: the moment at which it would have been cut off.
    deadline = started + 60 * _minutes(sent)
    return {"started_at": iso_utc(started), "end_at": iso_utc(deadline)}


def _transfer(call: Call, *, over: bool) -> dict[str, Any]:
    nothing = {"transferred_to": None, "transferred_at": None, "warm_transfer_call": None}
    if not over or call.reaction is not Reaction.TRANSFERRED or call.answered_at is None:
        return nothing
    before = 0.6 * call.talk_seconds
    return {
        "transferred_to": TRANSFER_TO,
        "transferred_at": iso_utc(call.answered_at + before),
        "warm_transfer_call": None,
        "pre_transfer_duration": round(before / 60, 3),
        "post_transfer_duration": round((call.talk_seconds - before) / 60, 3),
    }


def _words(call: Call, seen_at: float) -> dict[str, Any]:
    said = turns(call) if call.settled("transcript", seen_at) else []
    users = {"agent": "assistant", "person": "user"}
    analysed = call.settled("analysis", seen_at) and call.answered_at is not None
    return {
        "transcripts": [
            {
                "id": 1000 * call.position + index,
                "c_id": call.id,
                "created_at": iso_utc((call.answered_at or 0.0) + turn.start),
                "text": turn.text,
                "user": users[turn.speaker],
            }
            for index, turn in enumerate(said)
        ]
        or None,
        "concatenated_transcript": " \n ".join(
            f"{users[turn.speaker]}: {turn.text}" for turn in said
        )
        or None,
        "summary": summary(call) if analysed else None,
        "analysis": analysis(call) or None if analysed else None,
        "disposition_tag": "COMPLETED_ACTION" if analysed and analysis(call) else None,
    }
