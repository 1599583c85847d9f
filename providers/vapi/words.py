"""Vapi's words in ours."""

from dataclasses import dataclass

from campaign.words import Outcome, Progress

# docs.vapi.ai/outbound-campaigns/scheduling-and-lifecycle
STATES = {
    "scheduled": Progress.SCHEDULED,
    "in-progress": Progress.RUNNING,
    "ended": Progress.COMPLETED,
    "cancelled": Progress.CANCELLED,
    "archived": Progress.CANCELLED,
}

# docs.vapi.ai/api-reference/campaigns/campaign-controller-get-campaign-v-2-contacts
PENDING = "contact.pending"
DISPATCHED = "contact.dispatched"
CONTACTS_OVER = {
    "contact.completed": Outcome.UNKNOWN,
    "contact.failed": Outcome.FAILED,
    "contact.skipped": Outcome.CANCELLED,
    "contact.predial-failed": Outcome.FAILED,
}
"""What became of a contact that is over, where no reason is given."""

# `not-found` is a deleted call.
CALLS_OVER = frozenset({"ended", "not-found"})
CONNECTED = frozenset({"connected", "completed"})
"""Statuses of a transfer that reached somebody."""


@dataclass(frozen=True, slots=True)
class _Rule:
    outcome: Outcome
    words: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def fits(self, reason: str) -> bool:
        return reason in self.words or reason.startswith(self.starts) or reason.endswith(self.ends)


# docs.vapi.ai/calls/call-ended-reason, in the order in which they are to be asked.
_RULES = (
    _Rule(Outcome.VOICEMAIL, frozenset({"voicemail"})),
    _Rule(
        Outcome.NO_ANSWER,
        frozenset({"customer-did-not-answer"}),
        ends=("outbound-sip-408-request-timeout", "outbound-sip-480-temporarily-unavailable"),
    ),
    _Rule(Outcome.BUSY, frozenset({"customer-busy"})),
    _Rule(
        Outcome.CANCELLED,
        frozenset({"manually-canceled", "scheduled-call-deleted", "call-deleted"}),
    ),
    _Rule(
        Outcome.TRANSFERRED,
        frozenset({"assistant-forwarded-call"}),
        ends=("hook-executed-transfer",),
    ),
    _Rule(
        Outcome.ANSWERED,
        frozenset({"assistant-said-end-call-phrase", "silence-timed-out", "exceeded-max-duration"}),
        starts=("customer-ended-call", "assistant-ended-call"),
    ),
    _Rule(
        Outcome.INVALID_NUMBER,
        frozenset({"twilio-reported-customer-misdialed", "sip-outbound-unallocated-number"}),
    ),
    # Not dialled, or broken off: whether the telephone rang is not said.
    _Rule(
        Outcome.FAILED,
        frozenset(
            {
                "assistant-join-timed-out",
                "call.ending.hook-executed-say",
                "call.ringing.hook-executed-say",
                "call.ringing.sip-inbound-caller-hungup-before-call-connect",
                "customer-did-not-give-microphone-permission",
                "sip-outbound-carrier-released-call",
                "twilio-failed-to-connect-call",
                "vonage-failed-to-connect-call",
                "vonage-rejected",
                "worker-shutdown",
            }
        ),
        starts=(
            "assistant-not-",
            "assistant-request-",
            "call-start-error-",
            "call.forwarding.",
            "call.in-progress.error-",
            "call.ringing.error-",
            "call.start.",
            "phone-call-provider-",
            "pipeline-",
        ),
    ),
)

# The carrier says only that the line was closed: whether anybody spoke tells.
_CARRIER_ENDED = frozenset(
    {
        "call.in-progress.sip-completed-call",
        "call.in-progress.twilio-completed-call",
        "vonage-completed",
        "vonage-disconnected",
    }
)


def outcome_of(reason: str, *, transferred: bool = False, person_spoke: bool = False) -> Outcome:
    """Return what became of a call that is over; a reason never seen before is never guessed at."""
    for rule in _RULES:
        if rule.fits(reason) or (transferred and rule.outcome is Outcome.TRANSFERRED):
            return rule.outcome
    if reason in _CARRIER_ENDED and person_spoke:
        return Outcome.ANSWERED
    return Outcome.UNKNOWN
