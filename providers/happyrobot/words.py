"""HappyRobot's statuses in our words."""

from campaign.words import AnsweredBy, Outcome

# docs.happyrobot.ai/api-reference/calls/list-calls; its snapshots of 2024 had ended, missed and
# abandoned.
OUTCOMES = {
    "completed": Outcome.ANSWERED,
    "ended": Outcome.ANSWERED,
    "amd terminated": Outcome.VOICEMAIL,
    "busy": Outcome.BUSY,
    "no answer": Outcome.NO_ANSWER,
    "missed": Outcome.NO_ANSWER,
    "canceled": Outcome.CANCELLED,
    "cancelled": Outcome.CANCELLED,
    "failed": Outcome.FAILED,
    "abandoned": Outcome.FAILED,
}
WAITING = frozenset({"scheduled", "queued"})
LIVE = frozenset({"initiated", "ringing", "in progress", "dialing", "connected"})
# Not said to be an end: the call goes on with another person. Like an unknown word, it is over once
# it has a duration.
TRANSFERRED = "transferred"

WITH_DIALOGUE = frozenset(
    {Outcome.ANSWERED, Outcome.TRANSFERRED, Outcome.VOICEMAIL, Outcome.UNKNOWN}
)
"""Outcomes after which there may be a transcript."""

# A completed call may be an undetected mailbox: the use case has to switch detection on.
ANSWERED_BY = {
    Outcome.ANSWERED: AnsweredBy.UNKNOWN,
    Outcome.TRANSFERRED: AnsweredBy.HUMAN,
    Outcome.VOICEMAIL: AnsweredBy.MACHINE,
}


def verdict(status: str, *, has_duration: bool) -> tuple[bool, Outcome]:
    """Return whether the call is over, and what became of it."""
    word = status.strip().casefold()
    if word in OUTCOMES:
        return True, OUTCOMES[word]
    if word in WAITING | LIVE or not has_duration:
        return False, Outcome.UNKNOWN
    return True, Outcome.TRANSFERRED if word == TRANSFERRED else Outcome.UNKNOWN
