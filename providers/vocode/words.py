"""Vocode's words in ours, in the order in which they are to be asked."""

from campaign.words import AnsweredBy, Outcome

OVER = frozenset({"ended", "error"})
TRANSFERRED = "transfer_successful"
PICKED_UP = "picked_up"
NO_HUMAN = "no_human"

# docs.vocode.dev/api-reference/calls/get-call
STAGE_OUTCOMES = {
    "transfer_disconnected": Outcome.TRANSFERRED,
    "transfer_unanswered": Outcome.ANSWERED,
    "human_disconnected": Outcome.ANSWERED,
    "bot_disconnected": Outcome.ANSWERED,
    "human_unanswered": Outcome.NO_ANSWER,
    "call_did_not_connect": Outcome.FAILED,
}
# The carrier's word for a call that did not connect; these are Twilio's.
CARRIER = {
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "canceled": Outcome.CANCELLED,
}
# A machine answered, whoever hung up then.
BY_A_MACHINE = frozenset({"human_unanswered", "bot_disconnected", "human_disconnected"})
DETECTED = {"human": AnsweredBy.HUMAN, NO_HUMAN: AnsweredBy.MACHINE}


def outcome_of(status: str, stage: str, stage_outcome: str, detected: str, carrier: str) -> Outcome:
    """Return what became of a call that is over; a word never seen before is never guessed at."""
    if status == "error":
        return Outcome.FAILED
    if stage == TRANSFERRED:
        return Outcome.TRANSFERRED
    said = STAGE_OUTCOMES.get(stage_outcome, Outcome.UNKNOWN)
    if stage_outcome == "call_did_not_connect":
        return CARRIER.get(carrier, said)
    if detected == NO_HUMAN and (not stage_outcome or stage_outcome in BY_A_MACHINE):
        return Outcome.VOICEMAIL
    if not stage_outcome and stage == PICKED_UP:
        return Outcome.ANSWERED
    return said
