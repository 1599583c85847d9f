"""How a call looks from outside."""

from typing import Any

from campaign.words import Outcome
from simulator.calls import Call, State
from simulator.clock import iso_utc
from simulator.conversation import turns
from simulator.dialects.vocode.account import agent, connection, stable_id, stored
from simulator.dialects.vocode.requests import CreateCall
from simulator.dialects.vocode.settings import VocodeSettings
from simulator.people import EndedBy, Reaction

_ERROR = "The carrier reported an error"
_TALKS = frozenset({Reaction.ANSWERED, Reaction.OPTED_OUT, Reaction.VOICEMAIL, Reaction.SILENT})
# What Twilio calls the end of a call that was not answered.
_TWILIO_WORDS = {
    Reaction.NO_ANSWER: "no-answer",
    Reaction.BUSY: "busy",
    Reaction.FAILED: "failed",
    Reaction.INVALID_NUMBER: "failed",
}
_HEARD = {
    Reaction.ANSWERED: "human",
    Reaction.OPTED_OUT: "human",
    Reaction.TRANSFERRED: "human",
    Reaction.VOICEMAIL: "no_human",
}


def asked(call: Call) -> CreateCall:
    """The request that the call came with."""
    request: CreateCall = call.order.details["request"]
    return request


def listed_call(call: Call, moment: float, settings: VocodeSettings) -> dict[str, Any]:
    """A call as a row of the list: times are numbers, the agent is an id."""
    account = call.order.account
    in_full = settings.connection_in_list == "object"
    return _call(call, moment, settings) | {
        "start_time": started_at(call, moment),
        "end_time": ended_at(call, moment),
        "agent": call.order.details["agent_id"],
        "context": asked(call).context if settings.context_in_list else None,
        "telephony_account_connection": connection(account)
        if in_full
        else connection(account)["id"],
    }


def single_call(call: Call, moment: float, settings: VocodeSettings) -> dict[str, Any]:
    """A call read by itself: times are ISO strings, agent and connection are whole objects."""
    started, ended = started_at(call, moment), ended_at(call, moment)
    account = call.order.account
    more: dict[str, Any] = {}
    if settings.variant == "fluents":
        more = {"is_outgoing": True, "errors": list[str](), "action_history": list[str]()}
    return (
        _call(call, moment, settings)
        | {
            "start_time": None if started is None else iso_utc(started),
            "end_time": None if ended is None else iso_utc(ended),
            "agent": agent(call.order.details["agent_id"], account),
            "telephony_account_connection": connection(account),
        }
        | more
    )


def started_at(call: Call, moment: float) -> float | None:
    """When it was picked up, or else began to ring, as far as known at a moment.

    Vocode documents no duration: with this start, end minus start is the talk time.
    """
    for began in (call.answered_at, call.rang_at):
        if began is not None and began <= moment:
            return began
    return None


def ended_at(call: Call, moment: float) -> float | None:
    """When it ended, as far as known at a moment."""
    return call.ended_at if call.over(moment) and call.rang else None


def status(call: Call, moment: float) -> str:
    """The status word as of a moment."""
    state = call.state(moment)
    if state in {State.SCHEDULED, State.QUEUED}:
        return "not_started"
    if state is not State.ENDED:
        return "in_progress"
    return "error" if _broken(call) else "ended"


def _broken(call: Call) -> bool:
    return call.reaction is Reaction.FAILED and call.outcome is Outcome.FAILED


def _call(call: Call, moment: float, settings: VocodeSettings) -> dict[str, Any]:
    request, word = asked(call), status(call, moment)
    return {
        "id": call.id,
        "user_id": stable_id("user", call.order.account),
        "status": word,
        "error_message": _ERROR if word == "error" else None,
        **_heard(call, moment),
        "telephony_id": None if started_at(call, moment) is None else _sid(call, settings),
        "stage": _stage(call, moment),
        "stage_outcome": _stage_outcome(call, moment, settings),
        "telephony_metadata": _telephony_metadata(call, moment, settings),
        "to_number": stored(call.number, settings),
        "from_number": stored("+" + request.from_number, settings),
        "telephony_provider": settings.telephony,
        "agent_phone_number": stored("+" + request.from_number, settings),
        "hipaa_compliant": request.hipaa_compliant,
        "on_no_human_answer": request.on_no_human_answer,
        "context": request.context,
        "run_do_not_call_detection": request.run_do_not_call_detection,
        "telephony_params": request.telephony_params,
    }


def _heard(call: Call, moment: float) -> dict[str, Any]:
    request, talked = asked(call), call.answered_at is not None
    asked_not_to_call = call.reaction is Reaction.OPTED_OUT
    said = "\n".join(
        f"{'BOT' if turn.speaker == 'agent' else 'HUMAN'}: {turn.text}" for turn in turns(call)
    )
    listened = talked and request.run_do_not_call_detection
    return {
        "transcript": said if _noted(call) and call.settled("transcript", moment) else None,
        "recording_available": recorded(call, moment),
        "human_detection_result": _HEARD.get(call.reaction)
        if call.reaction and talked and call.settled("answered_by", moment)
        else None,
        "do_not_call_result": asked_not_to_call
        if listened and call.settled("analysis", moment)
        else None,
    }


def recorded(call: Call, moment: float) -> bool:
    """There is a recording as of a moment."""
    return _noted(call) and call.settled("recording", moment)


def _noted(call: Call) -> bool:
    return call.answered_at is not None and not asked(call).hipaa_compliant


def _stage(call: Call, moment: float) -> str:
    if call.answered_at is None or call.answered_at > moment:
        return "created"
    transferred = call.reaction is Reaction.TRANSFERRED and call.over(moment)
    return "transfer_successful" if transferred else "picked_up"


def _stage_outcome(call: Call, moment: float, settings: VocodeSettings) -> str | None:
    # Comes a moment after the end, like the transcript.
    if not call.settled("transcript", moment) or _broken(call):
        return None
    if call.answered_at is None and call.outcome is Outcome.CANCELLED:
        return "human_unanswered"
    if call.reaction in _TALKS or call.reaction is Reaction.STUCK:
        by_person = call.ended_by is EndedBy.PERSON
        return "human_disconnected" if by_person else "bot_disconnected"
    words = {
        Reaction.TRANSFERRED: "transfer_disconnected",
        Reaction.NO_ANSWER: "human_unanswered",
        Reaction.BUSY: "call_did_not_connect",
        Reaction.INVALID_NUMBER: "call_did_not_connect",
    }
    return words.get(call.reaction or Reaction.NO_ANSWER, settings.strange_outcome)


def _sid(call: Call, settings: VocodeSettings) -> str:
    return call.id if settings.telephony == "vonage" else "CA" + call.id.replace("-", "")


def _telephony_metadata(
    call: Call, moment: float, settings: VocodeSettings
) -> dict[str, Any] | None:
    if started_at(call, moment) is None:
        return None
    if settings.telephony == "vonage":
        return {"type": "telephony_metadata_vonage"}
    transferred = _stage(call, moment) == "transfer_successful"
    return {
        "type": "telephony_metadata_twilio",
        "call_sid": _sid(call, settings),
        "call_status": _carrier_word(call, moment),
        "transfer_call_sid": _sid(call, settings)[::-1] if transferred else None,
        "transfer_call_status": "completed" if transferred else None,
        "conference_sid": None,
    }


def _carrier_word(call: Call, moment: float) -> str:
    if not call.over(moment):
        return "in-progress" if _stage(call, moment) == "picked_up" else "ringing"
    if call.answered_at is None and call.outcome is Outcome.CANCELLED:
        return "canceled"
    return _TWILIO_WORDS.get(call.reaction or Reaction.FAILED, "completed")
